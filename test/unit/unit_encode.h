/*
 * unit_encode.h
 *	  Shared by the tests of encoders.
 */
#ifndef UNIT_ENCODE_H
#define UNIT_ENCODE_H

#include "data/transform.h"

extern UsTransform *unit_transform(const char *json);

#endif

/*
 * suspects.h
 *	  What a supervised training should be told about its columns.
 */
#ifndef US_SUSPECTS_H
#define US_SUSPECTS_H

#include "eval/leakage.h"
#include "verbs/train.h"

/* Look for suspects among the features; each is a warning of the training.  *n of them. */
extern UsSuspect *us_suspects_warn(UsPrepared *prepared, const UsTarget *target, int *n);

/* An array of {column, kind, figure, text}. */
extern UsReport *us_suspects_report(const UsSuspect *suspect, int n);

#endif

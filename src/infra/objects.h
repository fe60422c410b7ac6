/*
 * objects.h
 *	  Objects of the extension by name.
 */
#ifndef US_OBJECTS_H
#define US_OBJECTS_H

/* The type userseg.name; 42704 when the extension is not (or only half) there. */
extern Oid	us_extension_type(const char *name);

#endif

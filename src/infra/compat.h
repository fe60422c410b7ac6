/*
 * compat.h
 *	  Differences between the PostgreSQL majors 15 to 18; the only file that may
 *	  look at PG_VERSION_NUM (tools/version checks it).
 *
 * The macros expand to server functions, so a file that uses one includes the
 * server header that declares it (named beside the macro).
 */
#ifndef US_COMPAT_H
#define US_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "userseg needs PostgreSQL 15 or later"
#endif

/* 16 took the varlena macros out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 brought the specifier that stands before a declaration */
#if PG_VERSION_NUM < 180000
#define pg_noreturn _Noreturn
#endif

/* utils/acl.h: 16 folded the checks by object class into two functions */
#if PG_VERSION_NUM >= 160000
#define us_relation_ownercheck(relid, role)	object_ownercheck(RelationRelationId, (relid), (role))
#define us_schema_aclcheck(nspid, role, mode)	object_aclcheck(NamespaceRelationId, (nspid), (role), (mode))
#define us_function_aclcheck(procid, role, mode)	object_aclcheck(ProcedureRelationId, (procid), (role), (mode))
#define us_type_aclcheck(typid, role, mode)	object_aclcheck(TypeRelationId, (typid), (role), (mode))
#else
#define us_relation_ownercheck(relid, role)	pg_class_ownercheck((relid), (role))
#define us_schema_aclcheck(nspid, role, mode)	pg_namespace_aclcheck((nspid), (role), (mode))
#define us_function_aclcheck(procid, role, mode)	pg_proc_aclcheck((procid), (role), (mode))
#define us_type_aclcheck(typid, role, mode)	pg_type_aclcheck((typid), (role), (mode))
#endif

/* catalog/pg_attribute.h: 18 brought generated columns that are not stored */
#if PG_VERSION_NUM >= 180000
#define us_attribute_is_virtual(att)	((att)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define us_attribute_is_virtual(att)	((void) (att), false)
#endif

/* nodes/primnodes.h: 18 brought OLD and NEW to RETURNING */
#if PG_VERSION_NUM >= 180000
#define us_var_is_returning(var)	((var)->varreturningtype != VAR_RETURNING_DEFAULT)
#else
#define us_var_is_returning(var)	((void) (var), false)
#endif

/* utils/timestamp.h: 17 brought infinite intervals; the sign of one, or 0 */
#if PG_VERSION_NUM >= 170000
#define us_interval_infinite(i)	(INTERVAL_IS_NOEND(i) ? 1 : INTERVAL_IS_NOBEGIN(i) ? -1 : 0)
#else
#define us_interval_infinite(i)	((void) (i), 0)
#endif

/* executor/executor.h: all rows of a query that is run once; 18 has no flag for once */
#if PG_VERSION_NUM >= 180000
#define us_executor_run(query)	ExecutorRun((query), ForwardScanDirection, 0)
#else
#define us_executor_run(query)	ExecutorRun((query), ForwardScanDirection, 0, true)
#endif

/* storage/proc.h: the local id of the running transaction; 17 moved it */
#if PG_VERSION_NUM >= 170000
#define us_local_transaction()	(MyProc->vxid.lxid)
#else
#define us_local_transaction()	(MyProc->lxid)
#endif

#endif

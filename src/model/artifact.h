/*
 * artifact.h
 *	  The stored form of a trained model.
 *
 * Layout, little-endian: 4 bytes "USEG", u32 format version, then sections (u32
 * type, u64 length, bytes), then u32 CRC32C of everything before it.  Sections can
 * be added without a new format version: a reader skips unknown types from
 * US_SECTION_OPTIONAL on and refuses (0A000) unknown ones below.
 */
#ifndef US_ARTIFACT_H
#define US_ARTIFACT_H

#include "data/encode.h"
#include "learn/algorithm.h"
#include "stat/calibration.h"

#define US_ARTIFACT_FORMAT	1

/* types of sections */
#define US_SECTION_HEADER	1	/* algorithm, task, number of labels */
#define US_SECTION_ENCODER	2
#define US_SECTION_MODEL	3
#define US_SECTION_CLASSES	4	/* names of the classes, the positive one; absent for clusters and regression */
#define US_SECTION_CALIBRATOR	5	/* absent where probabilities are taken as they come */
#define US_SECTION_OPTIONAL 0x80000000u
#define US_SECTION_PROFILE	(US_SECTION_OPTIONAL | 1)	/* eval/profile.h; absent where there is none */
#define US_SECTION_BRANCHES	(US_SECTION_OPTIONAL | 2)	/* profile of the branches of a clustering with a tree */
#define US_SECTION_RULES	(US_SECTION_OPTIONAL | 3)	/* rules of ranges of branches */

typedef struct UsArtifact
{
	const UsAlgorithm *algorithm;
	UsTask		task;
	UsEncoder  *encoder;
	void	   *model;			/* of the algorithm */
	int			n_labels;		/* clusters or classes; 0 for a regressor */
	char	  **class_names;	/* [n_labels], server encoding; NULL unless classification */
	int			positive;		/* class index of the positive class; -1: none */
	UsCalibrator *calibrator;	/* of the probability of the positive class of two, or of more classes; NULL: none */
} UsArtifact;

/* A further section to be stored, as bytes. */
typedef struct UsArtifactSection
{
	uint32		type;
	const void *data;
	size_t		len;
} UsArtifactSection;

/*
 * The stored form, palloc'd.  sections[n_sections] may be empty.  Raises 54000,
 * with the numbers, when it exceeds userseg.max_artifact_size.
 */
extern bytea *us_artifact_write(const UsArtifact *artifact,
								const UsArtifactSection *sections, int n_sections);

/*
 * Read a stored form, everything allocated in the current memory context; data need
 * not outlive the call.  Optional sections are skipped.  Raises 22P03 for anything
 * malformed, 0A000 for a format, an algorithm or a section of a later userseg,
 * 54000 beyond userseg.max_artifact_size.
 */
extern UsArtifact *us_artifact_read(const void *data, size_t len);

/*
 * A reader over the bytes of one section of a stored form, inside data; false when it
 * has none.  The checksum is verified.  Raises as us_artifact_read().
 */
extern bool us_artifact_section(const void *data, size_t len, uint32 type, UsReader *reader);

#endif

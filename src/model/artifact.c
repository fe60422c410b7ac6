/*
 * artifact.c
 *	  The stored form of a trained model.
 *
 * Everything read is hostile until it is validated: users reach these bytes through
 * the type userseg.artifact.
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_crc32c.h"

#include "infra/compat.h"
#include "infra/guc.h"
#include "infra/utf8.h"
#include "model/artifact.h"

#define MAGIC			"USEG"
#define MAGIC_LEN		4
#define HEADER_LEN		(MAGIC_LEN + 4)
#define CRC_LEN			4

/* more classes or clusters are refused when read */
#define MAX_LABELS		1000000

/* CRC-32C (Castagnoli), as PostgreSQL has it for WAL and pages. */
static uint32
checksum(const void *data, size_t len)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, data, len);
	FIN_CRC32C(crc);
	return crc;
}

static void
check_size(size_t len)
{
	if (len > (size_t) us_max_artifact_kb * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("stored model of %zu kB exceeds the %d kB allowed",
						(len + 1023) / 1024, us_max_artifact_kb),
				 errhint("Train a smaller model, or let a superuser raise userseg.max_artifact_size.")));
}

/* ---- writing ---- */

/* Append one section and empty the writer that held its bytes. */
static void
put_section(UsWriter *out, uint32 type, const void *data, size_t len)
{
	us_write_u32(out, type);
	us_write_u64(out, len);
	us_write_bytes(out, data, len);
	check_size(out->buf.len - VARHDRSZ + CRC_LEN);
}

static void
put_writer(UsWriter *out, uint32 type, UsWriter *section)
{
	put_section(out, type, section->buf.data + VARHDRSZ, section->buf.len - VARHDRSZ);
	pfree(section->buf.data);
}

static void
write_calibrator(const UsCalibrator *c, UsWriter *w)
{
	us_write_u8(w, c->kind);
	us_write_f64(w, c->a);
	us_write_f64(w, c->b);
	us_write_u32(w, c->n);
	for (int i = 0; i < c->n; i++)
	{
		us_write_f64(w, c->x[i]);
		us_write_f64(w, c->y[i]);
	}
	for (int i = 0; i < c->n_each; i++)
		write_calibrator(&c->each[i], w);
}

bytea *
us_artifact_write(const UsArtifact *artifact, const UsArtifactSection *sections, int n_sections)
{
	UsWriter	out;
	UsWriter	section;

	us_writer_init(&out);
	us_write_bytes(&out, MAGIC, MAGIC_LEN);
	us_write_u32(&out, US_ARTIFACT_FORMAT);

	us_writer_init(&section);
	us_write_string(&section, artifact->algorithm->name);
	us_write_u8(&section, artifact->task);
	us_write_u32(&section, artifact->n_labels);
	put_writer(&out, US_SECTION_HEADER, &section);

	us_writer_init(&section);
	us_encoder_write(artifact->encoder, &section);
	put_writer(&out, US_SECTION_ENCODER, &section);

	us_writer_init(&section);
	artifact->algorithm->write(artifact->model, &section);
	put_writer(&out, US_SECTION_MODEL, &section);

	if (artifact->class_names)
	{
		us_writer_init(&section);
		us_write_u32(&section, artifact->n_labels);
		for (int i = 0; i < artifact->n_labels; i++)
			us_write_utf8(&section, artifact->class_names[i]);
		us_write_i32(&section, artifact->positive);
		put_writer(&out, US_SECTION_CLASSES, &section);
	}
	if (artifact->calibrator)
	{
		us_writer_init(&section);
		write_calibrator(artifact->calibrator, &section);
		put_writer(&out, US_SECTION_CALIBRATOR, &section);
	}
	for (int i = 0; i < n_sections; i++)
		put_section(&out, sections[i].type, sections[i].data, sections[i].len);

	us_write_u32(&out, checksum(out.buf.data + VARHDRSZ, out.buf.len - VARHDRSZ));
	return us_writer_varlena(&out);
}

/* ---- reading ---- */

/* Check magic, format and checksum; leave the reader before the first section. */
static void
open_artifact(UsReader *r, const void *data, size_t len)
{
	UsReader	tail;
	uint32		format;

	check_size(len);
	us_reader_init(r, data, len, "stored model");
	if (memcmp(us_read_bytes(r, MAGIC_LEN), MAGIC, MAGIC_LEN) != 0)
		us_corrupt(r, "it does not start with \"%s\"", MAGIC);
	format = us_read_u32(r);
	if (format > US_ARTIFACT_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("stored model has format %u", format),
				 errdetail("This userseg reads formats up to %d.", US_ARTIFACT_FORMAT),
				 errhint("Install the userseg that trained it, or a later one.")));
	if (format < 1)
		us_corrupt(r, "format %u", format);
	if (len < HEADER_LEN + CRC_LEN)
		us_corrupt(r, "only %zu bytes", len);
	us_reader_init(&tail, (const uint8 *) data + len - CRC_LEN, CRC_LEN, r->what);
	if (us_read_u32(&tail) != checksum(data, len - CRC_LEN))
		us_corrupt(r, "wrong checksum");
	r->len = len - CRC_LEN;
}

/* The next section; false at the end. */
static bool
next_section(UsReader *r, uint32 *type, UsReader *section)
{
	uint64		len;

	if (r->pos == r->len)
		return false;
	*type = us_read_u32(r);
	len = us_read_u64(r);
	if (len > r->len - r->pos)
		us_corrupt(r, "section %u announces " UINT64_FORMAT " bytes, %zu left",
				   *type, len, r->len - r->pos);
	us_reader_init(section, us_read_bytes(r, len), len, r->what);
	return true;
}

static void
read_header(UsReader *r, UsArtifact *artifact)
{
	char	   *name = us_read_string(r);
	uint8		task = us_read_u8(r);
	uint32		n_labels = us_read_u32(r);

	us_reader_end(r);
	artifact->algorithm = us_algorithm_find(name);
	if (artifact->algorithm == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("stored model was trained by an algorithm that this userseg does not have"),
				 errhint("Install the userseg that trained it, or a later one.")));
	if (task > US_TASK_REGRESSION)
		us_corrupt(r, "task %u", task);
	artifact->task = (UsTask) task;
	if (!us_algorithm_can(artifact->algorithm, artifact->task))
		us_corrupt(r, "%s by algorithm \"%s\"", us_task_name(task), name);
	if (n_labels > MAX_LABELS || (n_labels == 0) != (task == US_TASK_REGRESSION))
		us_corrupt(r, "%u labels for %s", n_labels, us_task_name(task));
	artifact->n_labels = n_labels;
}

static void
read_classes(UsReader *r, UsArtifact *artifact)
{
	uint32		n = us_read_count(r, 4, MAX_LABELS);

	if (n != artifact->n_labels)
		us_corrupt(r, "names of %u classes for %d labels", n, artifact->n_labels);
	artifact->class_names = palloc(sizeof(char *) * Max(n, 1));
	for (uint32 i = 0; i < n; i++)
		artifact->class_names[i] = us_read_utf8(r);
	artifact->positive = us_read_i32(r);
	if (artifact->positive < -1 || artifact->positive >= (int) n)
		us_corrupt(r, "class %d of %u as the positive one", artifact->positive, n);
	us_reader_end(r);
}

/* One function; kind is read already. */
static void
read_calibrator(UsReader *r, uint8 kind, UsCalibrator *c)
{
	uint32		n;

	c->a = us_read_f64(r);
	c->b = us_read_f64(r);
	n = us_read_count(r, 2 * sizeof(double), US_ISOTONIC_POINTS + 4);
	if (kind < US_CALIBRATE_PLATT || kind > US_CALIBRATE_CLASSES || !isfinite(c->a) || !isfinite(c->b) ||
		(kind == US_CALIBRATE_ISOTONIC) != (n > 0) || (kind == US_CALIBRATE_TEMPERATURE && c->a <= 0))
		us_corrupt(r, "calibration %u with %u points", kind, n);
	c->kind = (UsCalibratorKind) kind;
	c->n = n;
	c->x = palloc(sizeof(double) * Max(n, 1));
	c->y = palloc(sizeof(double) * Max(n, 1));
	for (uint32 i = 0; i < n; i++)
	{
		c->x[i] = us_read_f64(r);
		c->y[i] = us_read_f64(r);
		if (!(c->x[i] >= 0 && c->x[i] <= 1 && c->y[i] >= 0 && c->y[i] <= 1) ||
			(i > 0 && (c->x[i] <= c->x[i - 1] || c->y[i] < c->y[i - 1])))
			us_corrupt(r, "point %u of the calibration is out of order", i);
	}
}

/* Of two classes a function of the positive one, of more a temperature or a function of each. */
static void
read_calibration(UsReader *r, UsArtifact *artifact)
{
	UsCalibrator *c = palloc0(sizeof(UsCalibrator));
	uint8		kind = us_read_u8(r);
	bool		two = kind == US_CALIBRATE_PLATT || kind == US_CALIBRATE_ISOTONIC;

	if (artifact->task != US_TASK_CLASSIFICATION || (two ? artifact->n_labels != 2 || artifact->positive < 0 :
													  artifact->n_labels <= 2 || artifact->n_labels > US_MAX_CLASSES))
		us_corrupt(r, "calibration %u of the probabilities of %d classes", kind, artifact->n_labels);
	read_calibrator(r, kind, c);
	if (kind == US_CALIBRATE_CLASSES)
	{
		c->n_each = artifact->n_labels;
		c->each = palloc0(sizeof(UsCalibrator) * c->n_each);
	}
	for (int i = 0; i < c->n_each; i++)
	{
		kind = us_read_u8(r);
		if (kind != US_CALIBRATE_PLATT && kind != US_CALIBRATE_ISOTONIC)
			us_corrupt(r, "calibration %u of class %d", kind, i + 1);
		read_calibrator(r, kind, &c->each[i]);
	}
	us_reader_end(r);
	artifact->calibrator = c;
}

static void
read_model(UsReader *r, UsArtifact *artifact)
{
	int			n_labels = -1;

	artifact->model = artifact->algorithm->read(r, us_encoder_width(artifact->encoder), &n_labels);
	us_reader_end(r);
	if (n_labels != artifact->n_labels)
		us_corrupt(r, "a model of %d labels where the header says %d", n_labels, artifact->n_labels);
}

UsArtifact *
us_artifact_read(const void *data, size_t len)
{
	UsArtifact *artifact = palloc0(sizeof(UsArtifact));
	UsReader	r;
	UsReader	section;
	uint32		type;
	uint32		previous = 0;

	artifact->positive = -1;
	open_artifact(&r, data, len);
	while (next_section(&r, &type, &section))
	{
		if (type >= US_SECTION_OPTIONAL)
			continue;
		if (type > US_SECTION_CALIBRATOR)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("stored model has a section of type %u, which this userseg does not read", type),
					 errhint("Install the userseg that trained it, or a later one.")));
		/* the sections of this format stand in order, each once */
		if (type != previous + 1)
			us_corrupt(&r, "section %u after section %u", type, previous);
		switch (type)
		{
			case US_SECTION_HEADER:
				read_header(&section, artifact);
				break;
			case US_SECTION_ENCODER:
				artifact->encoder = us_encoder_read(&section);
				us_reader_end(&section);
				break;
			case US_SECTION_MODEL:
				read_model(&section, artifact);
				break;
			case US_SECTION_CLASSES:
				read_classes(&section, artifact);
				break;
			case US_SECTION_CALIBRATOR:
				read_calibration(&section, artifact);
				break;
		}
		previous = type;
	}
	if (previous < US_SECTION_MODEL)
		us_corrupt(&r, "the model is missing");
	if ((artifact->class_names != NULL) != (artifact->task == US_TASK_CLASSIFICATION))
		us_corrupt(&r, "%s with%s names of classes", us_task_name(artifact->task),
				   artifact->class_names ? "" : "out");
	return artifact;
}

bool
us_artifact_section(const void *data, size_t len, uint32 type, UsReader *reader)
{
	UsReader	r;
	uint32		found;

	open_artifact(&r, data, len);
	while (next_section(&r, &found, reader))
		if (found == type)
			return true;
	return false;
}

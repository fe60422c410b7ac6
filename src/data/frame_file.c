/*
 * frame_file.c
 *	  The temporary file of a Frame that outgrew its memory.
 *
 * One file of the backend, counted by temp_file_limit, in temp_tablespaces,
 * removed at the end of the transaction or with an error: the server's own
 * temporary file, without the buffering of BufFile, since chunks are large.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "data/frame_store.h"
#include "infra/compat.h"

#define IO_BYTES	((Size) 256 * 1024 * 1024)	/* the server's calls take an int */

void
us_frame_file_create(UsFrameStore *store)
{
	PrepareTempTablespaces();
	store->file = OpenTemporaryFile(false);
	store->offset = MemoryContextAllocHuge(store->context,
										   ((Size) store->allocated + 1) * sizeof(off_t));
	store->offset[0] = 0;
	store->spilled = true;
}

/* Append size bytes. */
static void
write_bytes(UsFrameStore *store, off_t *at, const char *data, Size size)
{
	Size		done = 0;

	while (done < size)
	{
		int			amount = (int) Min(size - done, IO_BYTES);
		int			put;

		errno = 0;
		put = FileWrite(store->file, (char *) data + done, amount, *at,
						WAIT_EVENT_BUFFILE_WRITE);
		if (put <= 0)
		{
			/* nothing written without an error means no space */
			if (errno == 0)
				errno = ENOSPC;
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not write to temporary file of the training data: %m")));
		}
		done += put;
		*at += put;
	}
}

void
us_frame_file_write(UsFrameStore *store, int i, const char *fixed, char *const *variable)
{
	static const char padding[US_FRAME_ALIGN] = {0};
	const UsBlockHeader *header = (const UsBlockHeader *) fixed;
	off_t		at = store->offset[i];

	write_bytes(store, &at, fixed, store->fixed_size);
	for (int v = 0; v < store->nvariable; v++)
	{
		Size		length = header->length[v];

		write_bytes(store, &at, variable[v], length);
		write_bytes(store, &at, padding, US_FRAME_ROUND(length) - length);
	}
	store->offset[i + 1] = at;
	store->largest = Max(store->largest, (Size) (at - store->offset[i]));
}

void
us_frame_file_read(UsFrameStore *store, int i)
{
	const UsBlockHeader *header = (const UsBlockHeader *) store->buffer;
	Size		size = (Size) (store->offset[i + 1] - store->offset[i]);
	char	   *p = store->buffer + store->fixed_size;
	Size		done = 0;

	while (done < size)
	{
		int			amount = (int) Min(size - done, IO_BYTES);
		int			got = FileRead(store->file, store->buffer + done, amount,
								   store->offset[i] + done, WAIT_EVENT_BUFFILE_READ);

		if (got <= 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 got < 0 ? errmsg("could not read temporary file of the training data: %m") :
					 errmsg("temporary file of the training data ends too early")));
		done += got;
	}
	for (int v = 0; v < store->nvariable; v++)
	{
		store->buffer_variable[v] = header->length[v] > 0 ? p : NULL;
		p += US_FRAME_ROUND(header->length[v]);
	}
}

/* Thrift's compact protocol. */
#include "base_bytes.h"
#include "parquet_internal.h"

void parquet_thrift_varint(struct base_buf *out, uint64_t v)
{
    uint8_t bytes[10];
    base_buf_bytes(out, bytes, base_varint_put(bytes, v));
}

static void field(struct parquet_thrift *in, int id, int type)
{
    int delta = id - in->last;
    INVARIANT(delta > 0 && delta < 16);
    base_buf_byte(in->out, (char)(delta << 4 | type));
    in->last = id;
}

void parquet_thrift_int(struct parquet_thrift *in, int id, enum parquet_thrift_type type, int64_t v)
{
    field(in, id, (int)type);
    parquet_thrift_varint(in->out, base_zigzag(v));
}

void parquet_thrift_text(struct parquet_thrift *in, int id, struct str text)
{
    field(in, id, PARQUET_THRIFT_BINARY);
    parquet_thrift_varint(in->out, text.len);
    base_buf_str(in->out, text);
}

void parquet_thrift_list(struct parquet_thrift *in, int id, enum parquet_thrift_type of,
                         size_t count)
{
    field(in, id, PARQUET_THRIFT_LIST);
    if (count < 15) {
        base_buf_byte(in->out, (char)(count << 4U | (unsigned int)of));
    } else {
        base_buf_byte(in->out, (char)(0xF0U | (unsigned int)of));
        parquet_thrift_varint(in->out, count);
    }
}

struct parquet_thrift parquet_thrift_struct(struct parquet_thrift *in, int id)
{
    field(in, id, PARQUET_THRIFT_STRUCT);
    return (struct parquet_thrift){.out = in->out};
}

void parquet_thrift_true(struct parquet_thrift *in, int id)
{
    field(in, id, PARQUET_THRIFT_TRUE);
}

void parquet_thrift_end(struct parquet_thrift *in)
{
    base_buf_byte(in->out, 0);
}

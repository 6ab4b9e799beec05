/* HTML to text: whatever comes in, text comes out, no longer than a small multiple of it. */
#include "intake_html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct base_buf out = {0};
    struct fail fail;
    intake_html_text(str_of((const char *)data, size), &out);
    INVARIANT(base_buf_ok(&out, &fail));
    struct str text = base_buf_view(&out);
    INVARIANT(str_is_utf8(text));
    INVARIANT(text.len <= 20 * size + 20);
    INVARIANT(text.len == 0 || (text.data[0] != ' ' && text.data[0] != '\n'));
    base_buf_done(&out);
    return 0;
}

/* QR codes: the one file that knows libqrencode. */
#include "ask_links.h"

#include <qrencode.h>

#define QUIET 4 /* light modules around the code, as the standard asks */
#define TEXT_BYTES_MAX 1000

bool ask_qr_svg(struct str text, struct base_buf *out, struct fail *fail)
{
    if (text.len == 0 || text.len > TEXT_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "a QR code holds 1 to %d bytes", TEXT_BYTES_MAX);
    }
    QRcode *code =
        QRcode_encodeData((int)text.len, (const unsigned char *)text.data, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return fail_set(fail, FAIL_INPUT, "this does not fit into a QR code");
    }
    int width = code->width;
    base_buf_printf(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                    "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
                    "<path d=\"",
                    width + 2 * QUIET, width + 2 * QUIET, width + 2 * QUIET, width + 2 * QUIET);
    for (int y = 0; y < width; y++) {
        for (int x = 0; x < width; x++) {
            int run = 0;
            while (x + run < width && (code->data[y * width + x + run] & 1) != 0) {
                run++;
            }
            if (run > 0) {
                base_buf_printf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
                x += run;
            }
        }
    }
    base_buf_c(out, "\"/></svg>");
    QRcode_free(code);
    return base_buf_ok(out, fail);
}

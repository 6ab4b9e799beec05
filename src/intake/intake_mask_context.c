/* The words around a number: does it belong to a phone, or to an order? Words of a dozen languages, in lower
 * case; a word counts by its beginning, those of phones also anywhere inside (Handynummer). */
#include "intake_mask_find.h"

#define WORDS_MAX 4
#define WORD_BYTES_MAX 40
#define BACK_BYTES_MAX 60

static const char *const phone_inside[] = {
    "telef",
    "phone",
    "handy",
    "mobil",
    "puhel",
    "rufnum",
    "whatsap",
    "teléf",
    "téléf",
    "t\xc3\xa9l\xc3\xa9ph",
    "m\xc3\xb3vil",
    "cellul",
    "\xd1\x82\xd0\xb5\xd0\xbb\xd0\xb5\xd1\x84", /* телеф */
};
static const char *const phone_begins[] = {
    "tel.",
    "tlf",
    "tfn",
    "mob",
    "gsm",
    "fon",
    "cell",
    "call",
    "ring",
    "rang",
    "ruf",
    "anruf",
    "angeruf",
    "erreich",
    "reach",
    "appel",
    "rappel",
    "joign",
    "joind",
    "portable",
    "llam",
    "ll\xc3\xa1m",
    "llama",
    "chiam",
    "richiam",
    "liga",
    "ligue",
    "sms",
    "fax",
    "dial",
    "bellen",
    "bel",
    "gebeld",
    "zadzwo",
    "dzwo",
    "numer telefonu",
    "soita",
    "soit",
    "ringa",
    "ringe",
    "kontakttelefon",
    "hotline",
    "durchwahl",
    "contact",
    "nummer lautet",
    "ara",
    "aray",
    "telnr",
    "\xd1\x82\xd0\xb5\xd0\xbb",         /* тел */
    "\xd0\xb7\xd0\xb2\xd0\xbe\xd0\xbd", /* звон */
    "text",
};
static const char *const phone_whole[] = {"tel", "t\xc3\xa9l", "ph", "m", "t", "cel", "tlph"};
static const char *const phone_marks[] = {
    "\xe7\x94\xb5\xe8\xaf\x9d",         /* 电话 */
    "\xe9\x9b\xbb\xe8\xa9\xb1",         /* 電話 */
    "\xe6\x89\x8b\xe6\x9c\xba",         /* 手机 */
    "\xe6\x90\xba\xe5\xb8\xaf",         /* 携帯 */
    "\xd9\x87\xd8\xa7\xd8\xaa\xd9\x81", /* Arabic: telephone */
    "\xd8\xac\xd9\x88\xd8\xa7\xd9\x84", /* mobile */
};
static const char *const other_begins[] = {
    "order",
    "ordre",
    "orden",
    "ordin",
    "ord",
    "bestell",
    "command",
    "cde",
    "pedid",
    "encomend",
    "zam\xc3\xb3w",
    "zamow",
    "objedn",
    "best\xc3\xa4ll",
    "bestill",
    "tilau",
    "bestel",
    "ticket",
    "case",
    "invoice",
    "rechnung",
    "factur",
    "fattur",
    "faktur",
    "lasku",
    "track",
    "sendung",
    "paket",
    "parcel",
    "pakke",
    "shipment",
    "colis",
    "env\xc3\xad",
    "ref",
    "réf",
    "art",
    "item",
    "sku",
    "ean",
    "gtin",
    "upc",
    "isbn",
    "issn",
    "serial",
    "seri",
    "s\xc3\xa9rie",
    "imei",
    "model",
    "id",
    "user",
    "kunde",
    "kd",
    "custom",
    "client",
    "klant",
    "klient",
    "account",
    "konto",
    "compte",
    "cuenta",
    "conto",
    "vertrag",
    "contract",
    "contrat",
    "polic",
    "vat",
    "ust",
    "siret",
    "siren",
    "nif",
    "cif",
    "kvk",
    "org",
    "zip",
    "plz",
    "version",
    "build",
    "firmware",
    "transa",
    "booking",
    "buchung",
    "reserv",
    "confirm",
    "code",
    "coupon",
    "voucher",
    "gutschein",
    "pin",
    "product",
    "produkt",
    "produit",
    "producto",
    "prodotto",
    "batch",
    "charge",
    "lot",
    "barcode",
    "delivery",
    "lieferschein",
    "member",
    "mitglied",
    "numer zam",
    "n\xc3\xbamero de pedido",
    "timestamp",
    "epoch",
    "license",
    "licence",
    "lizenz",
    "receipt",
    "kvittering",
    "kvitto",
    "bon",
    "matr",
    "passport",
    "tax",
    "steuer",
    "population",
    "price",
    "preis",
    "prix",
    "precio",
    "waybill",
    "claim",
    "rma",
    "request",
    "anfrage",
    "vorgang",
    "aktenzeichen",
    "dossier",
    "size",
    "\xd0\xb7\xd0\xb0\xd0\xba\xd0\xb0\xd0\xb7", /* заказ */
    "eur",
    "usd",
    "gbp",
    "chf",
    "nok",
    "sek",
    "dkk",
    "kr",
};
static const char *const units[] = {
    "eur",    "usd",    "gbp",       "chf",         "nok",          "sek",       "dkk",
    "pln",    "kr",     "kc",        "z\xc5\x82",   "\xe2\x82\xac", "\xc2\xa3",  "$",
    "%",      "km",     "kg",        "mm",          "cm",           "ml",        "mb",
    "gb",     "kb",     "stück",     "stk",         "pcs",          "pieces",    "people",
    "points", "punkte", "personen",  "euro",        "dollar",       "kroner",    "kronor",
    "views",  "users",  "customers", "inhabitants", "einwohner",    "habitants", "habitantes",
    "bytes",  "meter",  "m\xc2\xb2", "times",       "items",        "units",     "rows",
    "lines",  "miles",  "rub",       "yen",
};

static bool begins_with_any(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_starts_c(word, list[i])) {
            return true;
        }
    }
    return false;
}

static bool holds_any(struct str text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_find(text, str_from_c(list[i])) < text.len) {
            return true;
        }
    }
    return false;
}

static bool is_any(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(word, list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_letter_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Lower case of ASCII, and of capitals with marks in Latin-1 and Cyrillic as far as the lists need them. */
static struct str lower_copy(struct str word, char *into)
{
    size_t len = word.len < WORD_BYTES_MAX ? word.len : WORD_BYTES_MAX;
    for (size_t i = 0; i < len; i++) {
        char c = word.data[i];
        into[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        if (i > 0 && into[i - 1] == '\xc3' && (unsigned char)c >= 0x80 &&
            (unsigned char)c <= 0x9e) {
            into[i] = (char)((unsigned char)c + 0x20);
        }
        if (i > 0 && into[i - 1] == '\xd0' && (unsigned char)c >= 0x90 &&
            (unsigned char)c <= 0x9f) {
            into[i] = (char)((unsigned char)c + 0x20);
        }
        if (i > 0 && into[i - 1] == '\xd0' && (unsigned char)c >= 0xa0 &&
            (unsigned char)c <= 0xaf) {
            into[i - 1] = '\xd1';
            into[i] = (char)((unsigned char)c - 0x20);
        }
    }
    return str_of(into, len);
}

static enum intake_mask_context word_says(struct str raw)
{
    char room[WORD_BYTES_MAX];
    struct str word = lower_copy(raw, room);
    if (holds_any(word, phone_inside, ARRAY_LEN(phone_inside)) ||
        is_any(word, phone_whole, ARRAY_LEN(phone_whole)) ||
        holds_any(word, phone_marks, ARRAY_LEN(phone_marks))) {
        return INTAKE_MASK_PHONE_WORD;
    }
    if (begins_with_any(word, other_begins, ARRAY_LEN(other_begins))) {
        return INTAKE_MASK_OTHER_WORD;
    }
    if (begins_with_any(word, phone_begins, ARRAY_LEN(phone_begins))) {
        return INTAKE_MASK_PHONE_WORD;
    }
    /* Kundennummer, Vorgangsnr: some other number; Nummer alone says nothing. */
    bool numbered = (word.len > 6 && str_ends(word, STR("nummer"))) ||
                    (word.len > 4 && str_ends(word, STR("nr"))) ||
                    (word.len > 8 && str_ends(word, STR("nummeret")));
    return numbered ? INTAKE_MASK_OTHER_WORD : INTAKE_MASK_NEUTRAL;
}

enum intake_mask_context intake_mask_context_of(struct str text, size_t at)
{
    size_t floor = at > BACK_BYTES_MAX ? at - BACK_BYTES_MAX : 0;
    for (int words = 0; words < WORDS_MAX && at > floor; words++) {
        while (at > floor && !is_letter_byte(text.data[at - 1])) {
            char c = text.data[at - 1];
            if ((c == ',' && words > 0) || c == '\n' || c == '!' || c == '?' || c == ';' ||
                (c >= '0' && c <= '9')) {
                return INTAKE_MASK_NEUTRAL;
            }
            if (c == '#') {
                return INTAKE_MASK_OTHER_WORD;
            }
            at--;
        }
        size_t end = at;
        while (at > floor && is_letter_byte(text.data[at - 1])) {
            at--;
        }
        if (end == at) {
            break;
        }
        enum intake_mask_context says = word_says(str_of(text.data + at, end - at));
        if (says != INTAKE_MASK_NEUTRAL) {
            return says;
        }
    }
    return INTAKE_MASK_NEUTRAL;
}

bool intake_mask_unit_follows(struct str text, size_t at)
{
    char room[WORD_BYTES_MAX];
    struct str rest = str_after(text, at);
    rest = str_starts_c(rest, "\xc2\xa0") ? str_after(rest, 2)
           : str_starts_c(rest, " ")      ? str_after(rest, 1)
                                          : rest;
    size_t len = 0;
    while (len < rest.len && len < WORD_BYTES_MAX &&
           (is_letter_byte(rest.data[len]) || rest.data[len] == '$' || rest.data[len] == '%')) {
        len++;
    }
    struct str word = lower_copy(str_of(rest.data, len), room);
    return len > 0 && begins_with_any(word, units, ARRAY_LEN(units)) &&
           (len <= 4 || !begins_with_any(word, units, 9) || is_any(word, units, ARRAY_LEN(units)) ||
            str_starts_c(word, "euro") || str_starts_c(word, "kron"));
}

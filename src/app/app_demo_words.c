#include "app_demo_words.h"

#include <string.h>

/* Sentences of one language about one occasion; the list ends with NULL. */
static const char *const late_en[] = {
    "{days} days for a parcel that was promised in three. We left for the cabin without it.",
    "Where is my order? The tracking has said \"on its way\" since last week.",
    "The parcel came two days after the trip it was bought for.",
    "Third time in a row that Fjordpost is late. I would rather pay more for another carrier.",
    "Delivery took {days} days. Nobody told me, I had to ask.",
    "Good things, but the delivery is not to be relied on any more.",
    "My {product} spent {days} days in a van somewhere between you and {city}.",
    "I ordered the {product} in good time for the holidays and it arrived after them.",
    "Fjordpost changed the delivery date four times. In the end it was {days} days.",
    "You used to be quick. Since you send with Fjordpost everything to {city} is late.",
    "The pick-up point had never heard of my parcel, and then it was late as well.",
    "A week and a half for a {product}. The shop in town has it on the shelf.",
    "Late again. I have stopped ordering anything that I need for a certain day.",
    NULL,
};
static const char *const late_nb[] = {
    "Lovet på tre dager, kom etter {days}. Vi dro på hytta uten.",
    "Fjordpost er sen hver eneste gang til {city}. Velg noen andre.",
    "Pakken kom to dager etter turen den var kjøpt til.",
    "Sporingen sto stille i en uke. Ingen sa fra, jeg måtte spørre selv.",
    "Gode varer, men leveringen er ikke til å stole på lenger.",
    NULL,
};
static const char *const fault_en[] = {
    "The app hangs when I press pay. I tried four times.",
    "Since the update I cannot finish an order on my phone, the wheel just keeps turning.",
    "Pressed pay, nothing happened, and my basket was empty afterwards.",
    "Checkout freezes on the payment page. I bought the {product} somewhere else.",
    "Was I charged or not? The app stood still and then threw me out.",
    "Payment times out in the app every time. On the computer it works.",
    "Your new version hangs at the checkout. Please give me the old one back.",
    "I stood in the tram pressing \"pay\" for ten minutes. It never went through.",
    "The app freezes as soon as I choose my card. It is an Android phone, if that helps.",
    NULL,
};
static const char *const fault_nb[] = {
    "Appen henger når jeg trykker betal. Har prøvd fire ganger.",
    "Etter oppdateringen får jeg ikke fullført bestillingen på mobilen.",
    "Trykket betal, ingenting skjedde, og handlekurven var tom etterpå.",
    NULL,
};
static const char *const fault_de[] = {
    "Die App bleibt beim Bezahlen hängen. Viermal versucht.",
    "Seit dem Update komme ich nicht mehr über die Kasse hinaus.",
    NULL,
};
static const char *const zip_en[] = {
    "Twenty minutes of rain and my sleeve was soaked along the zip.",
    "The zip on the new Skodd lets water in. My old one never did.",
    "Lovely cut, but the front zip leaks. A rain jacket should keep out rain.",
    "Sent it back: wet through along the zip on the first day.",
    "Water comes in right behind the zip, the flap does nothing.",
    "My third Skodd, and the first that leaks. Did you change the zip?",
    "One walk in the rain in {city} and the fleece below was wet at the zip.",
    "It looks good and it leaks. I expected more for that price.",
    NULL,
};
static const char *const zip_nb[] = {
    "Glidelåsen på den nye Skodd slipper inn vann. Den gamle var tett.",
    "Gjennomvåt langs glidelåsen på første tur. Sendte den tilbake.",
    NULL,
};
static const char *const size_en[] = {
    "Too narrow over the shoulders, otherwise fine.",
    "I ordered my usual size and it is one too small.",
    "The trousers are long for my legs, I am sending them back.",
    "The {product} is fine, but your sizes are not like anybody else's.",
    "Bought two sizes to be sure and sent one back. Could the page say more?",
    "Runs small. Take one up.",
    NULL,
};
static const char *const good_en[] = {
    "Ordered on Monday, here on Wednesday, fits as it should.",
    "The woman in the shop took half an hour to find me the right boots. Thank you.",
    "Warm, light, and it still looks new after two winters.",
    "Easy to order, quick to come.",
    "I have told everyone on my ski team to buy from you.",
    "You mended my old rucksack for nothing. That is why I come back.",
    "The {product} has been up every hill around {city} and looks like new.",
    "Here in {days} days, well packed, no plastic. Good.",
    "The {product} does what it says. So few things do.",
    "Found it, paid, had it two days later. Nothing to add.",
    "My daughter has grown out of hers, so we bought the {product} again, a size up.",
    "Honest advice: they told me to keep my old one and only buy the laces.",
    NULL,
};
static const char *const good_nb[] = {
    "Bestilt mandag, her onsdag, passer som den skal.",
    "Dere reparerte den gamle sekken min gratis. Derfor kommer jeg tilbake.",
    "Varm, lett og ser fortsatt ny ut etter to vintre.",
    "{product} har vært med på alle turer rundt {city}. Fortsatt som ny.",
    NULL,
};
static const char *const good_sv[] = {
    "Lätt att beställa, snabb leverans.",
    "Beställde i måndags, framme på onsdagen. Precis som det ska vara.",
    NULL,
};
static const char *const good_da[] = {
    "Nemt at bestille, hurtigt fremme.",
    "God vejledning i butikken, jeg fik de rigtige støvler.",
    NULL,
};
static const char *const good_de[] = {
    "Schnell geliefert, gut verpackt, passt wie erwartet.",
    "Ehrliche Beratung: die alten Stiefel taten es noch.",
    NULL,
};
static const char *const good_nl[] = {
    "Maandag besteld, woensdag in huis.",
    "Goede kwaliteit en eerlijk advies.",
    NULL,
};
static const char *const planner_en[] = {
    "The trip planner is the best thing in the app: it told me what I had forgotten.",
    "We plan every weekend with your app now. The packing list saves our mornings.",
    "I came for a stove and stayed for the trip planner.",
    "Planned four days with the app and knew where to find water. More of that, please.",
    "The packing list of the planner is worth more than any advertisement.",
    "Could the trip planner share a plan with friends? We use it all the time.",
    NULL,
};
static const char *const planner_nb[] = {
    "Turplanleggeren er det beste i appen: den minnet meg på det jeg hadde glemt.",
    "Vi planlegger hver helg med appen nå. Pakkelista redder morgenen.",
    NULL,
};
static const char *const middling_en[] = {
    "All right.",
    "Good quality, the prices have gone up though.",
    "Nothing to complain about, nothing special.",
    "The shop is nice, the web page could be clearer about sizes.",
    "It was fine. I would have liked it in another colour.",
    "Decent {product}, a little dear.",
    "Ok, but I had to look for the return slip.",
    "Fine for what I need it for.",
    NULL,
};
static const char *const middling_nb[] = {
    "Helt greit.",
    "God kvalitet, men prisene har gått opp.",
    NULL,
};
static const char *const question_en[] = {
    "Can I change the address of an order that has not left yet?",
    "Do you still have the {product} in red?",
    "How do I wash the down jacket without ruining it?",
    "Could I have the receipt once more, for my employer?",
    "Does the {product} come in a longer size?",
    "Is the shop in {city} open on Sunday?",
    "I would like to give a voucher. How do I do that?",
    "My membership number does not work at the till. What now?",
    NULL,
};
static const char *const question_nb[] = {
    "Kan jeg endre adressen på en bestilling som ikke er sendt?",
    "Hvordan vasker jeg dunjakka uten å ødelegge den?",
    NULL,
};
static const char *const helped_en[] = {
    "An answer within the hour, and it helped.",
    "Somebody read what I wrote before answering. Rare.",
    "Sorted out in one message. Thank you.",
    "Friendly, and the refund was there the next day.",
    NULL,
};
static const char *const unhelped_en[] = {
    "Three answers, none to what I had asked.",
    "You are sorry for the inconvenience. That is not help.",
    "I waited four days for an answer that told me to wait.",
    "I was sent to the carrier, and the carrier sent me back to you.",
    NULL,
};

struct tongue {
    const char *language;
    const char *const *sentences;
};
#define TONGUES_MAX 6
static const struct tongue tongues[DEMO_WORDS_KINDS][TONGUES_MAX] = {
    [DEMO_WORDS_LATE] = {{"en", late_en}, {"nb", late_nb}},
    [DEMO_WORDS_FAULT] = {{"en", fault_en}, {"nb", fault_nb}, {"de", fault_de}},
    [DEMO_WORDS_ZIP] = {{"en", zip_en}, {"nb", zip_nb}},
    [DEMO_WORDS_SIZE] = {{"en", size_en}},
    [DEMO_WORDS_GOOD] = {{"en", good_en},
                         {"nb", good_nb},
                         {"sv", good_sv},
                         {"da", good_da},
                         {"de", good_de},
                         {"nl", good_nl}},
    [DEMO_WORDS_PLANNER] = {{"en", planner_en}, {"nb", planner_nb}},
    [DEMO_WORDS_MIDDLING] = {{"en", middling_en}, {"nb", middling_nb}},
    [DEMO_WORDS_QUESTION] = {{"en", question_en}, {"nb", question_nb}},
    [DEMO_WORDS_HELPED] = {{"en", helped_en}},
    [DEMO_WORDS_UNHELPED] = {{"en", unhelped_en}},
};

static const char *language_of(const char *country)
{
    static const struct {
        const char *country, *language;
    } spoken[] = {{"NO", "nb"}, {"SE", "sv"}, {"DK", "da"}, {"DE", "de"}, {"NL", "nl"}};
    for (size_t i = 0; i < ARRAY_LEN(spoken); i++) {
        if (strcmp(spoken[i].country, country) == 0) {
            return spoken[i].language;
        }
    }
    return "en";
}

/* Two in five speak their own language where there are words in it. */
static const struct tongue *tongue_of(struct base_random *random, enum demo_words occasion,
                                      const char *country)
{
    const struct tongue *all = tongues[occasion];
    const char *own = language_of(country);
    bool would = base_random_below(random, 5) < 2;
    for (size_t i = 1; would && i < TONGUES_MAX && all[i].language != NULL; i++) {
        if (strcmp(all[i].language, own) == 0) {
            return &all[i];
        }
    }
    return &all[0];
}

static size_t add(char *out, size_t at, const char *text, size_t len)
{
    size_t room = DEMO_SAY_BYTES - 1 - at;
    size_t take = len < room ? len : room;
    memcpy(out + at, text, take);
    return at + take;
}

/* What a {name} stands for. */
static const char *stands_for(const char *name, size_t len, const struct demo_speaker *speaker,
                              char number[12])
{
    struct str asked = {name, len};
    if (str_is(asked, "days")) {
        unsigned days = speaker->days;
        char *end = number + 11;
        *end = '\0';
        do {
            *--end = (char)('0' + days % 10);
            days /= 10;
        } while (days > 0);
        return end;
    }
    INVARIANT(str_is(asked, "product") || str_is(asked, "city"));
    return str_is(asked, "product") ? speaker->product : speaker->city;
}

static size_t fill(char *out, size_t at, const char *sentence, const struct demo_speaker *speaker)
{
    while (*sentence != '\0') {
        const char *open = strchr(sentence, '{');
        if (open == NULL) {
            return add(out, at, sentence, strlen(sentence));
        }
        at = add(out, at, sentence, (size_t)(open - sentence));
        const char *close = strchr(open, '}');
        INVARIANT(close != NULL);
        char number[12];
        const char *value = stands_for(open + 1, (size_t)(close - open - 1), speaker, number);
        at = add(out, at, value, strlen(value));
        sentence = close + 1;
    }
    return at;
}

struct str demo_say(struct base_random *random, enum demo_words occasion,
                    const struct demo_speaker *speaker, char out[DEMO_SAY_BYTES],
                    const char **out_language)
{
    /* Some begin with a word to us, in English only: those of other languages come straight to the point. */
    static const char *const openings[] = {"Hello. ", "Hi. ", "Sorry to be blunt. ",
                                           "A short one. "};
    const struct tongue *tongue = tongue_of(random, occasion, speaker->country);
    size_t count = 0;
    while (tongue->sentences[count] != NULL) {
        count++;
    }
    size_t at = 0;
    if (strcmp(tongue->language, "en") == 0 && base_random_below(random, 6) == 0) {
        const char *opening = openings[base_random_below(random, ARRAY_LEN(openings))];
        at = add(out, at, opening, strlen(opening));
    }
    at = fill(out, at, tongue->sentences[base_random_below(random, count)], speaker);
    out[at] = '\0';
    *out_language = tongue->language;
    return (struct str){out, at};
}

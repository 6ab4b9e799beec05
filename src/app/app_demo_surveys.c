/* The three surveys that the demo's customers were asked: the events name their questions. */
#include "app_demo_voice.h"

#define WHY                                                                                        \
    "{\"id\":\"why\",\"type\":\"open\",\"title\":{\"en\":\"Why?\",\"nb\":\"Hvorfor?\",\"de\":"     \
    "\"Warum?\"}}"
#define LANGUAGES "\"languages\":[\"en\",\"nb\",\"de\"]"
#define THANKS                                                                                     \
    "\"thanks\":{\"en\":\"Thank you. We read every answer.\",\"nb\":\"Takk. Vi leser hvert "       \
    "svar.\","                                                                                     \
    "\"de\":\"Danke. Wir lesen jede Antwort.\"}"

const struct demo_survey demo_surveys[DEMO_SURVEYS] = {
    {DEMO_SURVEY_DELIVERY,
     "{\"name\":\"After delivery\"," LANGUAGES ",\"questions\":[{\"id\":\"nps\",\"type\":\"nps\","
     "\"required\":true,\"title\":{\"en\":\"How likely are you to recommend Tindra to a friend?\","
     "\"nb\":\"Hvor sannsynlig er det at du anbefaler Tindra til en venn?\",\"de\":\"Wie "
     "wahrscheinlich ist es, dass Sie Tindra weiterempfehlen?\"}}," WHY "]," THANKS ",\"when\":{"
     "\"did\":{\"event\":\"Order Delivered\"},\"within\":\"2d\",\"delay\":\"1d\"},\"sampling\":{"
     "\"share\":0.5},\"ways\":[\"email\",\"link\"]}"},
    {DEMO_SURVEY_SUPPORT,
     "{\"name\":\"After support\"," LANGUAGES ",\"questions\":[{\"id\":\"csat\",\"type\":\"csat\","
     "\"required\":true,\"title\":{\"en\":\"How satisfied are you with the help you got?\",\"nb\":"
     "\"Hvor forn\xC3\xB8yd er du med hjelpen du fikk?\",\"de\":\"Wie zufrieden sind Sie mit der "
     "Hilfe?\"}}," WHY "]," THANKS
     ",\"when\":{\"did\":{\"event\":\"feedback\",\"where\":[[\"kind\","
     "\"=\",\"ticket\"]]},\"within\":\"2d\",\"delay\":\"1d\"},\"sampling\":{\"share\":0.5},"
     "\"ways\":[\"email\",\"link\"]}"},
    {DEMO_SURVEY_CHECKOUT,
     "{\"name\":\"Ease of paying\"," LANGUAGES ",\"questions\":[{\"id\":\"ces\",\"type\":\"ces\","
     "\"required\":true,\"title\":{\"en\":\"How easy was it to place your order?\",\"nb\":\"Hvor "
     "lett var det \xC3\xA5 bestille?\",\"de\":\"Wie einfach war die Bestellung?\"}}," WHY
     "]," THANKS
     ",\"when\":{\"did\":{\"event\":\"Order Completed\"}},\"sampling\":{\"share\":0.12},\"ways\":["
     "\"widget\"]}"},
};

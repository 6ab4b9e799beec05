// The widget's own words. A page may replace any of them by name: init({ texts: { next: "..." } }).
// One line a language, in the order of NAMES; a language without a line shows English.
import { member } from "./logic";

const NAMES = "next|back|skip|send|close|yes|no|needed|thanks|feedback|prompt|mood|good|neutral|bad|up|down|of|later|from|hello";
const WORDS: Record<string, string> = {
  en: "Next|Back|Skip|Send|Close|Yes|No|Please answer this question.|Thank you!|Feedback|What would you like to tell us?|How do you feel about it?|Good|So-so|Bad|Move up|Move down|of|Saved. It will be sent when you are online again.|Choose from {0} to {1}.|A question for you",
  de: "Weiter|Zurück|Überspringen|Senden|Schließen|Ja|Nein|Bitte beantworten Sie diese Frage.|Vielen Dank!|Feedback|Was möchten Sie uns sagen?|Wie finden Sie es?|Gut|Mittel|Schlecht|Nach oben|Nach unten|von|Gespeichert. Es wird gesendet, sobald Sie wieder online sind.|Wählen Sie von {0} bis {1}.|Eine Frage an Sie",
  fr: "Suivant|Retour|Passer|Envoyer|Fermer|Oui|Non|Veuillez répondre à cette question.|Merci !|Votre avis|Que souhaitez-vous nous dire ?|Qu’en pensez-vous ?|Bien|Moyen|Mauvais|Monter|Descendre|sur|Enregistré. L’envoi se fera dès que vous serez en ligne.|Choisissez de {0} à {1}.|Une question pour vous",
  es: "Siguiente|Atrás|Omitir|Enviar|Cerrar|Sí|No|Responda a esta pregunta, por favor.|¡Gracias!|Comentarios|¿Qué le gustaría decirnos?|¿Qué le parece?|Bien|Regular|Mal|Subir|Bajar|de|Guardado. Se enviará cuando vuelva a estar en línea.|Elija de {0} a {1}.|Una pregunta para usted",
  it: "Avanti|Indietro|Salta|Invia|Chiudi|Sì|No|Rispondi a questa domanda.|Grazie!|Feedback|Che cosa vuoi dirci?|Come ti è sembrato?|Bene|Così così|Male|Sposta su|Sposta giù|di|Salvato. Verrà inviato quando sarai di nuovo online.|Scegli da {0} a {1}.|Una domanda per te",
  pt: "Seguinte|Voltar|Saltar|Enviar|Fechar|Sim|Não|Responda a esta pergunta, por favor.|Obrigado!|Comentários|O que gostaria de nos dizer?|O que achou?|Bom|Razoável|Mau|Mover para cima|Mover para baixo|de|Guardado. Será enviado quando estiver online de novo.|Escolha de {0} a {1}.|Uma pergunta para si",
  nl: "Volgende|Terug|Overslaan|Versturen|Sluiten|Ja|Nee|Beantwoord deze vraag, alstublieft.|Dank u wel!|Feedback|Wat wilt u ons vertellen?|Wat vindt u ervan?|Goed|Matig|Slecht|Omhoog|Omlaag|van|Bewaard. Het wordt verstuurd zodra u weer online bent.|Kies van {0} tot {1}.|Een vraag aan u",
  nb: "Neste|Tilbake|Hopp over|Send|Lukk|Ja|Nei|Vennligst svar på dette spørsmålet.|Takk!|Tilbakemelding|Hva vil du si til oss?|Hva synes du om det?|Bra|Middels|Dårlig|Flytt opp|Flytt ned|av|Lagret. Det sendes når du er på nett igjen.|Velg fra {0} til {1}.|Et spørsmål til deg",
  sv: "Nästa|Tillbaka|Hoppa över|Skicka|Stäng|Ja|Nej|Svara på den här frågan.|Tack!|Feedback|Vad vill du säga till oss?|Vad tycker du om det?|Bra|Sådär|Dåligt|Flytta upp|Flytta ner|av|Sparat. Det skickas när du är online igen.|Välj från {0} till {1}.|En fråga till dig",
  pl: "Dalej|Wstecz|Pomiń|Wyślij|Zamknij|Tak|Nie|Proszę odpowiedzieć na to pytanie.|Dziękujemy!|Opinia|Co chcesz nam powiedzieć?|Jak to oceniasz?|Dobrze|Średnio|Źle|W górę|W dół|z|Zapisano. Zostanie wysłane po powrocie do sieci.|Wybierz od {0} do {1}.|Pytanie do Ciebie",
  ar: "التالي|رجوع|تخطٍّ|إرسال|إغلاق|نعم|لا|يرجى الإجابة عن هذا السؤال.|شكرًا لك!|ملاحظات|ماذا تود أن تقول لنا؟|ما رأيك؟|جيد|متوسط|سيئ|إلى أعلى|إلى أسفل|من|تم الحفظ. سيُرسل عند عودة الاتصال.|اختر من {0} إلى {1}.|سؤال لك",
  ja: "次へ|戻る|スキップ|送信|閉じる|はい|いいえ|この質問にお答えください。|ありがとうございました。|ご意見|お聞かせください|いかがでしたか|良い|普通|悪い|上へ|下へ|/|保存しました。オンラインに戻ると送信されます。|{0}から{1}までで選んでください。|質問があります",
  zh: "下一步|返回|跳过|发送|关闭|是|否|请回答这个问题。|谢谢！|反馈|您想告诉我们什么？|您觉得怎么样？|好|一般|差|上移|下移|/|已保存，恢复联网后将发送。|请从{0}到{1}中选择。|想问您一个问题",
};

export type Words = Record<string, string>;

export const wordsIn = (language: string, own?: Words): Words => {
  const base = language.toLowerCase().split(/[-_]/)[0]!;
  const line = (member(WORDS, base === "no" || base === "nn" ? "nb" : base) || WORDS.en!).split("|");
  const words: Words = {};
  NAMES.split("|").forEach((name, index) => {
    words[name] = (own && typeof own[name] === "string" && own[name]) || line[index]!;
  });
  return words;
};

export const rightToLeft = (language: string): boolean => /^(ar|he|iw|fa|ur|ps|sd|yi|dv)\b/i.test(language);

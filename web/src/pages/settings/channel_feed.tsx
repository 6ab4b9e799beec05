// Adding a feed: where it is, what its items are, and a try before anything is stored.
import { useState } from "preact/hooks";
import { Button, Problem } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Radios, Select, TextField } from "../../parts/field";
import { t } from "../../strings";
import { useAddChannel } from "./channel_add";
import { PreviewList } from "./channel_parts";
import { channelName, SCALES, type Scale } from "./channel_rules";

const URL_EXAMPLE = "https://example.com/reviews.atom";

export function AddFeed({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [kind, setKind] = useState<"post" | "review">("post");
  const [score, setScore] = useState("");
  const [scale, setScale] = useState<Scale>("stars");
  const [minutes, setMinutes] = useState("30");
  const body = () => ({
    kind: "feed",
    name,
    definition: {
      url: url.trim(), kind, every_minutes: Number(minutes),
      ...(kind === "review" && score.trim() ? { score: score.trim(), scale } : {}),
    },
  });
  const { preview, busy, error, tryIt, add } = useAddChannel(body, onAdded, onClose);
  const ready = Boolean(name && url.trim());
  return (
    <Dialog title={t("channels.add.feed")} onClose={onClose} wide>
      <form class="stack" onSubmit={(event) => void add(event)}>
        <TextField label={t("channels.feed.url")} value={url} onInput={setUrl} placeholder={URL_EXAMPLE} hint={t("channels.feed.url.hint")} required autofocus />
        <TextField label={t("channels.name")} value={name} onInput={(value) => setName(channelName(value))} hint={t("channels.name.hint", { name: name || t("channels.name.example") })} required />
        <Radios label={t("channels.feed.kind")} value={kind} onChange={setKind} options={(["post", "review"] as const).map((value) => ({ value, text: t(`channels.feed.kind.${value}`) }))} />
        {kind === "review" && (
          <div class="pair">
            <TextField label={t("channels.feed.score")} value={score} onInput={setScore} hint={t("channels.feed.score.hint")} />
            <Select label={t("channels.scale")} value={scale} onChange={setScale} options={SCALES.map((value) => ({ value, text: t(`channels.scale.${value}`) }))} />
          </div>
        )}
        <Select label={t("channels.feed.every")} value={minutes} onChange={setMinutes} options={["5", "15", "30", "60", "360", "1440"].map((value) => ({ value, text: t("channels.feed.minutes", { n: Number(value) }) }))} />
        {error && <Problem error={error} />}
        <div aria-live="polite">{preview && <PreviewList preview={preview} />}</div>
        <p class="row end wrap">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button disabled={!ready || busy} onClick={() => void tryIt()}>
            {busy ? t("channels.polling") : t("channels.try")}
          </Button>
          <Button type="submit" look="primary" disabled={!ready || busy}>
            {t("channels.add.feed")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}

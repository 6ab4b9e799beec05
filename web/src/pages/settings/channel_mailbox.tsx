// Adding a mailbox: where it is, and a look at its newest mails before anything is stored.
import { useState } from "preact/hooks";
import { Button, Note, Problem } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Select, TextField } from "../../parts/field";
import { t } from "../../strings";
import { useAddChannel } from "./channel_add";
import { PreviewList } from "./channel_parts";
import { channelName } from "./channel_rules";

const URL_EXAMPLE = "imaps://mail.example.com";
const FOLDER = "INBOX";

export function AddMailbox({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [user, setUser] = useState("");
  const [secret, setSecret] = useState("");
  const [folder, setFolder] = useState(FOLDER);
  const [minutes, setMinutes] = useState("5");
  const body = () => ({
    kind: "mailbox",
    name,
    definition: { url: url.trim(), user: user.trim(), secret: secret.trim(), folder: folder.trim(), every_minutes: Number(minutes) },
  });
  const { preview, busy, error, tryIt, add } = useAddChannel(body, onAdded, onClose);
  const ready = Boolean(name && url.trim() && user.trim() && secret.trim());
  return (
    <Dialog title={t("channels.add.mailbox")} onClose={onClose} wide>
      <form class="stack" onSubmit={(event) => void add(event)}>
        <TextField label={t("channels.mailbox.url")} value={url} onInput={setUrl} placeholder={URL_EXAMPLE} hint={t("channels.mailbox.url.hint")} required autofocus />
        <TextField label={t("channels.name")} value={name} onInput={(value) => setName(channelName(value))} hint={t("channels.name.hint", { name: name || t("channels.name.example") })} required />
        <div class="pair">
          <TextField label={t("channels.mailbox.user")} value={user} onInput={setUser} autocomplete="off" required />
          <TextField label={t("channels.mailbox.secret")} value={secret} onInput={setSecret} autocomplete="off" hint={t("channels.mailbox.secret.hint")} required />
        </div>
        <div class="pair">
          <TextField label={t("channels.mailbox.folder")} value={folder} onInput={setFolder} />
          <Select label={t("channels.feed.every")} value={minutes} onChange={setMinutes} options={["1", "5", "15", "60"].map((value) => ({ value, text: t("channels.feed.minutes", { n: Number(value) }) }))} />
        </div>
        <Note tone="good" icon="eye">
          <p>{t("channels.mailbox.note")}</p>
        </Note>
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
            {t("channels.add.mailbox")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}

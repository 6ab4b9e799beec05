// The picture beside the form: one timeline, what is done at the left, what is said at the right.
import { t } from "../../strings";

type Mark = "did" | "said" | "we";
// What stands above and below the three lines: mark, width of the line in hundredths.
const ABOVE: [Mark, number][] = [["did", 30], ["we", 24], ["did", 44], ["said", 62], ["said", 30], ["did", 22], ["did", 40], ["did", 46], ["said", 70], ["said", 42], ["we", 30], ["did", 36], ["did", 26], ["did", 20], ["said", 55]];
const BELOW: [Mark, number][] = [["did", 24], ["did", 52], ["did", 22], ["we", 34], ["did", 40], ["we", 26], ["said", 58], ["did", 30], ["we", 44], ["did", 52], ["said", 66], ["said", 38], ["did", 26], ["we", 30], ["did", 44], ["said", 50]];

const Lines = ({ list }: { list: [Mark, number][] }) => (
  <>
    {list.map(([mark, width], index) => (
      <div key={index} class={`ghost ${mark}`}>
        <i class={`kind ${mark}`} />
        <span style={{ width: `${width}%` }} />
      </div>
    ))}
  </>
);

export function Backdrop() {
  return (
    <div class="backdrop" aria-hidden="true">
      <div class="ghosts">
        <Lines list={ABOVE} />
        <p class="motto did">
          <i class="kind did" />
          <span>{t("motto.do")}</span>
        </p>
        <p class="motto said">
          <i class="kind said" />
          <span>{t("motto.say")}</span>
        </p>
        <p class="motto we">
          <i class="kind we" />
          <span>{t("motto.we")}</span>
        </p>
        <Lines list={BELOW} />
      </div>
    </div>
  );
}

// Where the interface starts.
import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./styles/index.css";
import { App } from "./app";
import { startKeys } from "./keys";
import { prefs } from "./prefs";
import { applyPrefs } from "./prefs-apply";
import { startRouter } from "./router";

applyPrefs(prefs.get());
startRouter();
startKeys();
render(<App />, document.getElementById("app")!);

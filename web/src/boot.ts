// Runs before the first paint, so that a chosen theme does not flash.
import { applyPrefs, readPrefs } from "./prefs-apply";

applyPrefs(readPrefs());

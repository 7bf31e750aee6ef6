/** The venue's page: set up once, then decide at the door from a code, a bundle and a clock. */

import "./style.css";
import {Page} from "./page/page.ts";
import {loadPreferences} from "./ui/preferences.ts";

void new Page(await loadPreferences()).start();

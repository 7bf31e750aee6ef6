/** The venue's page: set up once, then decide at the door from a code, a bundle and a clock. */

import "./style.css";
import {loadDevice} from "./device.ts";
import {Page} from "./page.ts";

void new Page(await loadDevice()).start();

/**
 * The venue's page: set up once, then decide at the door from a code, a bundle and a clock.
 *
 * schemas/   the formats that it shares with all programs, as values
 * browser/   what the browser gives: a clock, a storage, the page without a network
 * trust/     the set-up, the bundle in force, updates, settings
 * door/      the decision, passes seen, the condition of the device; no storage and no network
 * presence/  the venue's seeds, its check-in code, hours for the authority; no pass
 * scanning/  codes from the camera or a handheld scanner
 * workers/   the threads: trust, presence, the reader of QR codes
 * ui/        the elements of index.html
 * page/      the set-up, the door and events, brought together
 *
 * A room knows only those above it: test/rooms.test.ts.
 */

import "./style.css";
import {Page} from "./page/page.ts";
import {loadPreferences} from "./ui/preferences.ts";
import {begin} from "./ui/start.ts";

if (begin()) void new Page(await loadPreferences()).start();

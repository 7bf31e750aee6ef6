/**
 * Keyboard layouts, as far as a handheld scanner meets them: verifier/door/layouts.py has the same.
 *
 * A scanner presses the keys of a US keyboard. On a device with another layout other characters
 * come out of them, and with Caps Lock the other one of a letter's key.
 */

const US = {
  plain: "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
  shifted: '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
};

const ROW = (letters: string): string[] => [...letters].map((letter) => `Key${letter}`);

/** The places of the keys of {@link US}, as browsers name them (UI Events KeyboardEvent code). */
const PLACES: readonly string[] = [
  "Backquote",
  ...[..."1234567890"].map((digit) => `Digit${digit}`),
  ...["Minus", "Equal", ...ROW("QWERTYUIOP"), "BracketLeft", "BracketRight", "Backslash"],
  ...[...ROW("ASDFGHJKL"), "Semicolon", "Quote"],
  ...[...ROW("ZXCVBNM"), "Comma", "Period", "Slash"],
];

/** What the key at a place gives on a US keyboard; undefined for a key that gives no character. */
export function characterAt(place: string, isShifted: boolean): string | undefined {
  if (place === "Space") return " ";
  const at = PLACES.indexOf(place);
  return at < 0 ? undefined : (isShifted ? US.shifted : US.plain).charAt(at);
}

/** What each key gives, in the order of {@link US}, as Windows has it; the US one first. */
const LAYOUTS: readonly (typeof US)[] = [
  US,
  // German
  {
    plain: "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-",
    shifted: "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
  },
  // French
  {
    plain: "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!",
    shifted: "²1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
  },
  // Turkish Q
  {
    plain: '"1234567890*-qwertyuıopğü,asdfghjklşizxcvbnmöç.',
    shifted: "é!'^+%&/()=?_QWERTYUIOPĞÜ;ASDFGHJKLŞİZXCVBNMÖÇ:",
  },
  // Turkish F
  {
    plain: "+1234567890/-fgğıodrnhpqwxuieaütkmlyşjövcçzsb.,",
    shifted: "*!\"^$%&'()=?_FGĞIODRNHPQWXUİEAÜTKMLYŞJÖVCÇZSB:;",
  },
  // Russian
  {
    plain: "ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю.",
    shifted: 'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,',
  },
  // Kazakh
  {
    plain: '("әіңғ,.үұқөһйцукенгшщзхъ\\фывапролджэячсмитьбю№',
    shifted: ")!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ?",
  },
];

/** What an accent is on its own key; it waits for the next letter and comes out above it. */
const DEAD: Readonly<Record<string, string>> = {
  "\u0300": "`",
  "\u0301": "´",
  "\u0302": "^",
  "\u0303": "~",
  "\u0308": "¨",
};

/** What a US keyboard gives for each character that a layout's keys give. */
type Keys = ReadonlyMap<string, string>;

/** A character that comes without Shift counts before the same one with it. */
function keysOf({plain, shifted}: typeof US): Map<string, string> {
  const pairs = [...shifted, ...plain].map((one, place) => {
    return [one, (US.shifted + US.plain).charAt(place)] as const;
  });
  return new Map([...pairs, [" ", " "]]);
}

/** Caps Lock takes the other character of a key that has two letters. */
function keysUnderCapsLock(layout: typeof US): Keys {
  const keys = keysOf(layout);
  const swapped = new Map(keys);
  for (const [place, plain] of [...layout.plain].entries()) {
    const shifted = layout.shifted.charAt(place);
    if (!isLetter(plain) || !isLetter(shifted)) continue;
    swapped.set(plain, keys.get(shifted) ?? shifted);
    swapped.set(shifted, keys.get(plain) ?? plain);
  }
  return swapped;
}

const isLetter = (character: string): boolean => /^\p{L}$/u.test(character);

const READINGS: readonly Keys[] = LAYOUTS.flatMap((layout) => {
  return [keysOf(layout), keysUnderCapsLock(layout)];
});

/** What a US keyboard gives for the keys of `text`, for each layout without and with Caps Lock. */
export function* readings(text: string): Generator<string> {
  for (const keys of READINGS) yield undone(text, keys);
}

function undone(text: string, keys: Keys): string {
  return [...text].map((one) => keys.get(one) ?? letterUnderAccent(one, keys)).join("");
}

function letterUnderAccent(character: string, keys: Keys): string {
  const [letter = "", ...accents] = character.normalize("NFD");
  const dead = keys.get(DEAD[accents.join("")] ?? "");
  const under = keys.get(letter);
  return dead === undefined || under === undefined ? character : dead + under;
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { displayName } from "./file-name.ts";

const refused = Symbol("refused");

/** Names that attack, and what becomes of each: what is shown, or that it is refused. */
const hostile: readonly (readonly [string, string | typeof refused])[] = [
  // Paths.
  ["../../etc/passwd", "passwd"],
  ["..\\..\\windows\\system32\\cmd.exe", "cmd.exe"],
  ["/etc/shadow", "shadow"],
  ["C:\\boot.ini", "boot.ini"],
  ["C:boot.ini", "C_boot.ini"],
  ["\\\\server\\share\\x", "x"],
  ["//server/share/x", "x"],
  ["....//....//x", "x"],
  ["..", refused],
  [".", refused],
  ["../", refused],
  ["/", refused],
  ["\\", refused],
  ["a/", refused],
  ["..%2f..%2fetc", "..%2f..%2fetc"],
  ["a/../b", "b"],
  ["..\u2215..\u2215etc", "etc"],
  ["..\uff0f..\uff0fetc", "etc"],
  ["..\u2044etc", "etc"],
  ["..\uff3cetc", "etc"],
  ["~/.ssh/authorized_keys", "authorized_keys"],
  ["file:///etc/passwd", "passwd"],
  // Control characters.
  ["a\0.png", refused],
  ["\0", refused],
  ["a\nb", refused],
  ["a\r\nSet-Cookie: x", refused],
  ["a\tb", refused],
  ["a\x1b[31mred", refused],
  ["a\x7fb", refused],
  ["a\u0085b", refused],
  // Length.
  ["x".repeat(300), refused],
  ["é".repeat(150), refused],
  ["x".repeat(255), "x".repeat(255)],
  // Devices and streams of Windows.
  ["CON", "_CON"],
  ["con.txt", "_con.txt"],
  ["NUL", "_NUL"],
  ["aux.c", "_aux.c"],
  ["COM1", "_COM1"],
  ["LPT9.txt", "_LPT9.txt"],
  ["COM¹", "_COM¹"],
  ["PRN .txt", "_PRN .txt"],
  ["a.txt:hidden", "a.txt_hidden"],
  ["a.txt::$DATA", "a.txt__$DATA"],
  ["a<b>.txt", "a_b_.txt"],
  ['a"b|c?.txt', "a_b_c_.txt"],
  ["*", "_"],
  ["a.exe.", "a.exe"],
  ["a.exe ", "a.exe"],
  ["   ", refused],
  ["...", refused],
  // Tricks with Unicode.
  ["\u202egnp.exe", "gnp.exe"],
  ["invoice\u202efdp.exe", "invoicefdp.exe"],
  ["\u2066a\u2069.png", "a.png"],
  ["a\u200b.png", "a.png"],
  ["\ufeffa.png", "a.png"],
  ["\u200b\u200b", refused],
  ["a\u2028b", "ab"],
  ["e\u0301.png", "\u00e9.png"],
  ["a\u00a0b", "a b"],
  ["\u{e0041}a", "a"],
  ["\ue000a", "a"],
  // What looks like markup or a command stays text.
  ["<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"],
  ["$(rm -rf ~)", "$(rm -rf ~)"],
  ["'; drop table upload; --", "'; drop table upload; --"],
  ["-rf", "-rf"],
  [".htaccess", ".htaccess"],
];

test.each(hostile)("%j becomes %s", (name, shown) => {
  if (shown === refused) expect(() => displayName(name, "info.file_name")).toThrow(InvalidFieldError);
  else expect(displayName(name, "info.file_name")).toBe(shown);
});

test("there are sixty hostile names or more", () => {
  expect(hostile.length).toBeGreaterThanOrEqual(60);
});

test("no name at all is allowed", () => {
  expect(displayName("", "info.file_name")).toBe("");
});

test("a refusal names the field and the numbers", () => {
  expect(() => displayName("x".repeat(300), "info.file_name")).toThrow(
    "info.file_name: has 300 bytes, but may have 255: shorten it",
  );
});

test("whatever comes, what is shown is one name without control characters, and stays the same when shown again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (raw) => {
      let shown: string;
      try {
        shown = displayName(raw, "name");
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidFieldError);
        return;
      }
      expect(shown).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
      expect(["..", "."]).not.toContain(shown);
      expect(displayName(shown, "name")).toBe(shown);
    }),
    { numRuns: 5_000 },
  );
});

test("a name that becomes longer than file systems take is refused, as one that is", () => {
  for (const raw of [`con.${"x".repeat(251)}`, "\u{1d160}".repeat(63)]) {
    expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(255);
    expect(() => displayName(raw, "file_name")).toThrow(/^file_name: has \d+ bytes as a safe name/);
  }
  expect(displayName(`con.${"x".repeat(250)}`, "file_name")).toHaveLength(255);
});

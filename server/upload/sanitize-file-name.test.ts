import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { sanitizeFileName } from "./sanitize-file-name.ts";

const refused = Symbol("refused");

/** Hostile names, each with the safe name or `refused`. */
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
  ["e\u200b\u0301.png", "\u00e9.png"],
  ["a\u00a0b", "a b"],
  ["\u{e0041}a", "a"],
  ["\ue000a", "a"],
  // Markup and commands stay text.
  ["<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"],
  ["$(rm -rf ~)", "$(rm -rf ~)"],
  ["'; drop table upload; --", "'; drop table upload; --"],
  ["-rf", "-rf"],
  [".htaccess", ".htaccess"],
];

test.each(hostile)("%j becomes %s", (name, safe) => {
  if (safe === refused) expect(() => sanitizeFileName(name, "info.file_name")).toThrow(InvalidFieldError);
  else expect(sanitizeFileName(name, "info.file_name")).toBe(safe);
});

test("there are sixty hostile names or more", () => {
  expect(hostile.length).toBeGreaterThanOrEqual(60);
});

test("an empty name is allowed", () => {
  expect(sanitizeFileName("", "info.file_name")).toBe("");
});

test("a refusal names the field and the numbers", () => {
  expect(() => sanitizeFileName("x".repeat(300), "info.file_name")).toThrow(
    "info.file_name: has 300 bytes, more than the limit of 255: shorten it",
  );
});

test("for any input the result is one name without control characters, and converting it again does not change it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (raw) => {
      let safe: string;
      try {
        safe = sanitizeFileName(raw, "name");
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidFieldError);
        return;
      }
      expect(safe).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
      expect(["..", "."]).not.toContain(safe);
      expect(sanitizeFileName(safe, "name")).toBe(safe);
    }),
    { numRuns: 5_000 },
  );
});

test("a name that exceeds the limit only after the conversion is refused", () => {
  for (const raw of [`con.${"x".repeat(251)}`, "\u{1d160}".repeat(63)]) {
    expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(255);
    expect(() => sanitizeFileName(raw, "file_name")).toThrow(/^file_name: has \d+ bytes as a safe name/);
  }
  expect(sanitizeFileName(`con.${"x".repeat(250)}`, "file_name")).toHaveLength(255);
});

import { validateHeaderValue } from "node:http";
import { create as contentDisposition, parse } from "content-disposition";
import { InvalidFieldError } from "../../../server/shared/request-errors.ts";
import { maxFileNameBytes, sanitizeFileName } from "../../../server/upload/sanitize-file-name.ts";
import { declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";

// A sanitized file name is safe to display and to save, and reaches the client unchanged. Other names are rejected.

export const target: FuzzTarget = {
  maxBytes: 320,
  seeds: [
    "report.pdf",
    "C:\\Users\\me\\con.txt",
    "../../etc/passwd",
    "a\u202egnp.exe",
    "100% \u20ac \u00e9e\u0301.txt",
    'x"y\\z;.txt',
    "  . ",
    "lpt\u00b9",
    "\ud800",
  ].map((text) => Buffer.from(text)),
  run(input) {
    const raw = input.toString("utf8");
    const name = declared(() => sanitizeFileName(raw, "file_name"), InvalidFieldError);
    if (name instanceof Error) return;
    invariant(raw === "" || name !== "", "the sanitized name is empty");
    invariant(Buffer.byteLength(name) <= maxFileNameBytes, `the name has ${Buffer.byteLength(name)} bytes`);
    invariant(!/[/\\<>:"|?*\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name), `${JSON.stringify(name)} is not safe`);
    invariant(!/[ .]$|^ /.test(name), `${JSON.stringify(name)} begins or ends with a character that Windows removes`);
    const again = sanitizeFileName(name, "file_name");
    invariant(again === name, `${JSON.stringify(name)} becomes ${JSON.stringify(again)} the second time`);
    const header = contentDisposition(name, { type: "attachment" });
    validateHeaderValue("content-disposition", header);
    const { parameters } = parse(header);
    invariant(
      parameters.filename === name || name === "",
      `${JSON.stringify(name)} is received as ${parameters.filename}`,
    );
  },
};

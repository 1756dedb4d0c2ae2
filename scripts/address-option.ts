import { InvalidArgumentError, Option } from "commander";

/** `--address URL`: the server to call, the one of `npm start` by default. */
export function addressOption(): Option {
  return new Option("--address <url>", "the server").default("http://127.0.0.1:8080").argParser((text) => {
    if (/^https?:\/\/./.test(text) && URL.canParse(text)) return text;
    throw new InvalidArgumentError("a URL such as http://127.0.0.1:8080 is needed");
  });
}

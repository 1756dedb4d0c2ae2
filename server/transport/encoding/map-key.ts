import { protoInt64, ScalarType } from "@bufbuild/protobuf";

/**
 * How a map's key, which is text in the message, becomes a value of its type. A key that does not fit is left as it is:
 * writing it throws.
 */
export function mapKeyOf(type: ScalarType): (key: string) => unknown {
  switch (type) {
    case ScalarType.STRING:
      return (key) => key;
    case ScalarType.BOOL:
      return (key) => (key === "true" ? true : key === "false" ? false : key);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return orText((key) => protoInt64.uParse(key));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return orText((key) => protoInt64.parse(key));
    default:
      return (key) => {
        const number = Number.parseInt(key, 10);
        return Number.isFinite(number) ? number : key;
      };
  }
}

function orText(parse: (key: string) => unknown): (key: string) => unknown {
  return (key) => {
    try {
      return parse(key);
    } catch {
      return key;
    }
  };
}

import { Code, ConnectError } from "@connectrpc/connect";
import { exitCodes } from "./exit-codes.ts";
import { printError } from "./terminal-output.ts";

/** The codes of errors that concern one object, so that the next one is tried. */
const codesOfOneId = [Code.NotFound, Code.InvalidArgument, Code.Aborted, Code.FailedPrecondition];

/** Runs a call for each id, one after the other. Prints the errors that concern one id; any other error ends the run. */
export async function runForEachId(ids: readonly string[], call: (id: string) => Promise<void>): Promise<number> {
  let code: number = exitCodes.success;
  for (const id of ids) {
    try {
      await call(id);
    } catch (error) {
      if (!(error instanceof ConnectError) || !codesOfOneId.includes(error.code)) throw error;
      code = exitCodes.error;
      printError(`${id}: ${error.rawMessage}`);
    }
  }
  return code;
}

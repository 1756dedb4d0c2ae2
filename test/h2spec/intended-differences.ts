/** The cases that Bourse fails and bare Node passes, each with the reason why the difference is intended. */
export const intendedDifferences: Readonly<Record<string, string>> = {
  "http2/3.5: Sends invalid connection preface":
    "the port also serves HTTP/1.1, so a connection that does not start with the HTTP/2 preface is handled as " +
    "HTTP/1.1: the response is 400, and the connection is closed",
  "http2/4.2: Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE":
    "h2spec sends 17,576 bytes regardless of the announced limit, which is 1 MiB (maxFrameBytes): the frame is " +
    "allowed, and its stream is refused because the headers exceed maxHeaderBytes",
};

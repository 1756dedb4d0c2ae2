/** Cases that this server fails and bare Node passes, each with the reason why that is intended. */
export const intendedDifferences: Readonly<Record<string, string>> = {
  "http2/3.5: Sends invalid connection preface":
    "the port serves HTTP/1.1 as well, so a connection that does not begin with the preface of HTTP/2 is answered " +
    "as HTTP/1.1: with 400, and its end",
  "http2/4.2: Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE":
    "h2spec sends 17,576 bytes whatever the server has announced, and this one has announced frames of up to 1 MiB " +
    "(maxFrameBytes): the frame is allowed, and its stream is refused as the headers are larger than maxHeaderBytes",
};

/** How many bytes of all uploads together may wait for those before them. */
export const maxBufferedBytes = 64 * 1024 * 1024;

/** The limit on bytes of chunks that wait for the ones before them, as the clients that started the uploads share it. */
export const bufferedBytesLimit = {
  name: "maxHeldBytes",
  counted: "bytes of chunks that are ahead of the committed offset",
  max: maxBufferedBytes,
  advice: "send chunks in order",
};

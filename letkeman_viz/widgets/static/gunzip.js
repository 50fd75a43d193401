// The browser's own decompressor.

/** Bytes of a gzip stream, unpacked. @param {DataView | ArrayBuffer} data @returns {Promise<ArrayBuffer>} */
export async function gunzip(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

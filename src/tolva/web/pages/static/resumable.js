// Large files in pieces, by the tus protocol: they go on where the line broke, and where the page was left.
const resumable = (() => {
  const ENDPOINT = new URL("/api/v1/resumable-uploads", location).href;
  const LARGE = 5e6; // bytes; what is smaller is sent anew within a minute, even at 1 Mbit/s
  const PIECE = 16 * 1024 * 1024; // as the server sets them down: a proxy that holds a request back until it is whole loses no more
  const PAUSES = [1, 2, 4, 8, 15, ...Array(18).fill(30)].map((seconds) => seconds * 1000); // ten minutes, anew after each piece
  const GONE = 404;
  const kept = tus.defaultOptions.urlStorage;

  const answerTo = (error) => error.originalResponse ?? error.causingError?.answer;
  const statusOf = (error) => answerTo(error)?.getStatus() ?? 0;

  function detailOf(error) {
    try {
      return JSON.parse(answerTo(error).getBody()).detail;
    } catch {
      return undefined; // no answer, or that of a proxy
    }
  }

  // Not what the server refuses for good. That it has other bytes than we thought is asked anew.
  function passes(error) {
    const status = statusOf(error), isPiece = error.originalRequest.getMethod() === "PATCH";
    return status === 0 || status >= 500 || status === 429 || (status === 409 && isPiece);
  }

  // tus-js-client would begin anew whatever the answer is; the upload is lost only when the server says so.
  function keepUnlessGone(request, answer) {
    const status = answer.getStatus();
    if (request.getMethod() === "HEAD" && status >= 400 && status !== GONE) throw Object.assign(new Error(`HEAD: ${status}`), { answer });
  }

  const usual = { endpoint: ENDPOINT, chunkSize: PIECE, retryDelays: PAUSES, onAfterResponse: keepUnlessGone, onShouldRetry: passes };

  // Deletes what is there of a file.
  async function drop(url) {
    await tus.Upload.terminate(url, { ...usual }).catch((error) => { if (statusOf(error) !== GONE) throw error; });
  }

  // Sends a file, or what is missing of it where the same was begun. Tells `on` how it goes; returns what stops it.
  function send(file, said, on) {
    const metadata = { filename: file.name, ...said };
    const upload = new tus.Upload(file, {
      ...usual,
      metadata,
      removeFingerprintOnSuccess: true,
      fingerprint: async () => [file.size, file.lastModified, JSON.stringify(metadata)].join(" "),
      onProgress: on.progress,
      onShouldRetry: (error) => { const again = passes(error); if (again) on.away(); return again; },
      onError: (error) => on.failed(statusOf(error), detailOf(error)),
      onSuccess: ({ lastResponse }) => on.done(lastResponse.getHeader("Tolva-Job")),
    });
    upload.findPreviousUploads().then(([earlier]) => {
      if (earlier) upload.resumeFromPreviousUpload(earlier);
      upload.start();
    });
    return () => upload.abort(true).catch((error) => { if (statusOf(error) !== GONE) throw error; });
  }

  // What was begun in this browser and has not come to its end, each with a way to drop it. How much is there is told
  // when it goes on: a request that has just broken off may still be noted.
  async function left() {
    const asked = (await kept.findAllUploads()).map(async ({ uploadUrl, urlStorageKey, metadata, size }) => {
      const answer = await fetch(uploadUrl, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
      const forget = () => kept.removeUpload(urlStorageKey);
      if (answer.status === GONE || answer.headers.has("Tolva-Job")) await forget();
      else if (answer.ok) return { name: metadata.filename, size, drop: () => drop(uploadUrl).then(forget) };
      return null;
    });
    return (await Promise.all(asked)).filter(Boolean);
  }

  return { LARGE, send, left };
})();

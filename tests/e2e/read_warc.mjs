// Prints every record of a WARC file as a line of JSON, as the npm package `warcio` reads it.
import fs from "node:fs";
import path from "node:path";
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";

const [file, modules] = process.argv.slice(2);
const { WARCParser } = await import(pathToFileURL(path.join(modules, "warcio/dist/index.js")));

for await (const record of new WARCParser(fs.createReadStream(file))) {
  const payload = Buffer.from(await record.readFully(false));
  console.log(
    JSON.stringify({
      type: record.warcType,
      url: record.warcTargetURI,
      date: record.warcDate,
      headers: Object.fromEntries(record.warcHeaders.headers),
      status: record.httpHeaders?.statusCode ?? null,
      fields: record.httpHeaders ? [...record.httpHeaders.headers] : null,
      size: payload.length,
      sha256: createHash("sha256").update(payload).digest("hex"),
    }),
  );
}

import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { z } from 'zod';
import { StoaError } from '../errors.ts';
import { contentDisposition } from './content-disposition.ts';
import { sourceOf } from './source.ts';
import { checkKey, type ObjectInfo, type Storage, type StorageFault, storageError } from './storage.ts';

export interface S3Options {
  readonly bucket: string;
  /** Put before every key; without a slash at either end. */
  readonly prefix: string;
  /** Undefined: that of Amazon. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Undefined: looked for where the tools of Amazon look (environment, profile, instance). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** How often a request is tried. */
  readonly attempts?: number;
  /** What larger objects are cut into, at least. Services want 5 MiB or more. */
  readonly partBytes?: number;
}

const mebibyte = 1024 * 1024;
/** Services take 10,000 parts of an object; some want all but the last to be of one size. */
const maxParts = 10_000;
const partBytes = 16 * mebibyte;

const faultsByStatus: Readonly<Record<number, StorageFault>> = {
  401: 'denied',
  403: 'denied',
  404: 'missing',
  507: 'full',
};

/** Parts are collected from many pieces, each of which is overwritten when the next is asked for. */
async function* kept(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const bytes of pieces) yield Buffer.from(bytes);
}

/** Objects of a bucket, in any service that speaks the protocol of Amazon S3. */
export function s3Storage(options: S3Options): Storage {
  const { bucket, prefix } = options;
  const client = new S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    maxAttempts: options.attempts ?? 4,
    // Services other than Amazon's refuse the newer checksums; the signature covers the body all the same.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const where = prefix === '' ? bucket : `${bucket}/${prefix}`;
  const description = `s3://${where}${options.endpoint === undefined ? '' : ` at ${new URL(options.endpoint).host}`}`;
  const objectKey = (key: string): string => {
    checkKey(key, description);
    return prefix === '' ? key : `${prefix}/${key}`;
  };
  const explain = (error: unknown, key: string): unknown => {
    if (error instanceof StoaError) return error;
    if (error instanceof Error && error.name === 'AbortError') return error;
    if (error instanceof S3ServiceException) {
      const status = error.$metadata.httpStatusCode ?? 0;
      const fault =
        error.name === 'NoSuchBucket' ? 'unreachable' : (faultsByStatus[status] ?? ('unreachable' as const));
      const reason =
        fault === 'missing' ? `there is no object ${key}.` : `${key}: ${error.name} (HTTP ${status}).`;
      return storageError(fault, description, reason, error);
    }
    const reason = error instanceof Error ? error.name : String(error);
    return storageError('unreachable', description, `${key}: ${reason}.`, error);
  };

  /** A connection that breaks in the middle is told as what it is. */
  async function* readOf(body: Readable, key: string): AsyncGenerator<Buffer> {
    try {
      yield* body;
    } catch (error) {
      throw explain(error, key);
    }
  }

  return {
    description,

    async put(key, body, { contentType, expectedSize = 0, signal } = {}) {
      const source = sourceOf(body);
      const { content } = source;
      const partSize = Math.max(
        options.partBytes ?? partBytes,
        Math.ceil(expectedSize / maxParts / mebibyte) * mebibyte,
      );
      const upload = new Upload({
        client,
        params: {
          Bucket: bucket,
          Key: objectKey(key),
          Body: content instanceof Uint8Array ? content : Readable.from(kept(content), { objectMode: false }),
          ...(contentType === undefined ? {} : { ContentType: contentType }),
        },
        partSize,
        queueSize: 3,
        leavePartsOnError: false,
      });
      const abort = (): void => void upload.abort();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        signal?.throwIfAborted();
        await upload.done();
        return { size: source.size() };
      } catch (error) {
        throw source.fault() ?? explain(error, key);
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },

    async get(key, range) {
      try {
        const answer = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: objectKey(key),
            ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last ?? ''}` }),
          }),
        );
        if (!(answer.Body instanceof Readable)) throw new Error('the service answered without a body');
        const whole = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
        return {
          info: {
            key,
            size: Number(whole ?? answer.ContentLength ?? 0),
            modifiedAt: answer.LastModified ?? new Date(0),
          },
          body: Readable.from(readOf(answer.Body, key), { objectMode: false }),
        };
      } catch (error) {
        throw explain(error, key);
      }
    },

    async head(key) {
      try {
        const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: objectKey(key) }));
        return { key, size: answer.ContentLength ?? 0, modifiedAt: answer.LastModified ?? new Date(0) };
      } catch (error) {
        const explained = explain(error, key);
        if (explained instanceof StoaError && explained.code === 'storage.missing') return undefined;
        throw explained;
      }
    },

    async *list(wanted): AsyncGenerator<ObjectInfo> {
      const below = prefix === '' ? '' : `${prefix}/`;
      try {
        for await (const page of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: below + wanted },
        )) {
          for (const { Key, Size, LastModified } of page.Contents ?? []) {
            if (Key === undefined) continue;
            yield { key: Key.slice(below.length), size: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
          }
        }
      } catch (error) {
        throw explain(error, `${wanted}*`);
      }
    },

    async delete(key) {
      // The protocol says the same of an object that was there and one that was not.
      const isThere = (await this.head(key)) !== undefined;
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: objectKey(key) }));
      } catch (error) {
        throw explain(error, key);
      }
      return isThere;
    },

    async signUpload(key, { contentType, size, expiresInSeconds }) {
      const url = await getSignedUrl(
        client,
        new PutObjectCommand({
          Bucket: bucket,
          Key: objectKey(key),
          ContentType: contentType,
          ContentLength: size,
        }),
        { expiresIn: expiresInSeconds, signableHeaders: new Set(['content-type', 'content-length']) },
      );
      return {
        url,
        method: 'PUT',
        headers: { 'content-type': contentType, 'content-length': String(size) },
        expiresAt: new Date(Date.now() + expiresInSeconds * 1000),
      };
    },

    async signDownload(key, { filename, contentType, disposition, expiresInSeconds }) {
      const url = await getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket: bucket,
          Key: objectKey(key),
          ResponseContentType: contentType,
          ResponseContentDisposition: contentDisposition(disposition, filename),
        }),
        { expiresIn: expiresInSeconds },
      );
      return { url, method: 'GET', headers: {}, expiresAt: new Date(Date.now() + expiresInSeconds * 1000) };
    },

    async *leftovers() {
      const below = prefix === '' ? '' : `${prefix}/`;
      let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
      for (;;) {
        const page = await client
          .send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: below, ...markers }))
          .catch((error: unknown) => {
            // Not every service has this; those that do not remove such parts by themselves.
            if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 501)
              return undefined;
            throw explain(error, `${below}*`);
          });
        for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
          if (Key === undefined || UploadId === undefined) continue;
          const id = JSON.stringify([Key, UploadId]);
          yield { id, name: `parts of ${Key.slice(below.length)}`, changedAt: Initiated ?? new Date(0) };
        }
        if (!page?.IsTruncated || page.NextKeyMarker === undefined) return;
        markers = {
          KeyMarker: page.NextKeyMarker,
          ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
        };
      }
    },

    async removeLeftover(id) {
      const [Key, UploadId] = z.tuple([z.string(), z.string()]).parse(JSON.parse(id));
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      } catch (error) {
        throw explain(error, Key);
      }
    },

    close() {
      client.destroy();
    },
  };
}

import { type CompiledQuery, type Insertable, type Kysely, type Selectable, sql } from "kysely";
import { AlreadyExistsError } from "../../shared/api-resource-errors.ts";
import type { StoredPhase, UploadRecord } from "./upload-record.ts";
import type { CommittedOffset, UploadPage, UploadQuery, UploadStore } from "./upload-store.ts";
import type { UploadTable, UploadTables } from "./upload-tables.ts";

/** Stores uploads in the embedded database. */
export class SqliteUploadStore implements UploadStore {
  readonly #tables: Kysely<UploadTables>;
  readonly #queries: Kysely<UploadTables>;
  readonly #commitOffset: CompiledQuery;

  /** @param queries runs long reads, which do not wait for transactions. Default: `tables` */
  constructor(tables: Kysely<UploadTables>, queries = tables) {
    this.#tables = tables;
    this.#queries = queries;
    this.#commitOffset = compileCommitOffset(tables);
  }

  async insert(record: UploadRecord): Promise<void> {
    const added = await this.#tables
      .insertInto("upload")
      .values(toRow(record))
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("sequence")
      .executeTakeFirst();
    if (added === undefined) throw new AlreadyExistsError("upload", record.id);
  }

  async get(id: string): Promise<UploadRecord | undefined> {
    const row = await this.#tables.selectFrom("upload").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toRecord(row);
  }

  async update(record: UploadRecord): Promise<void> {
    const committed = sql<bigint>`max(committed_offset, ${BigInt(record.committed)})`;
    await this.#tables
      .updateTable("upload")
      .set({ ...toRow(record), committed_offset: committed })
      .where("id", "=", record.id)
      .execute();
  }

  async commitOffsets(offsets: readonly CommittedOffset[]): Promise<void> {
    const [first] = offsets;
    if (offsets.length === 1 && first !== undefined) return this.#commit(this.#tables, first);
    await this.#tables.transaction().execute(async (transaction) => {
      for (const offset of offsets) await this.#commit(transaction, offset);
    });
  }

  async remove(id: string): Promise<void> {
    await this.#tables.deleteFrom("upload").where("id", "=", id).execute();
  }

  async list({ phases, productId, limit, before }: UploadQuery): Promise<UploadPage> {
    let query = this.#queries.selectFrom("upload").selectAll();
    if (phases.length > 0) query = query.where("phase", "in", phases);
    if (productId !== "") query = query.where("product_id", "=", productId);
    if (before !== undefined) query = query.where("sequence", "<", before);
    const rows = await query
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    return { records: page.map(toRecord), ...(rows.length > limit && { next: page.at(-1)?.sequence }) };
  }

  async imagesOf(productIds: readonly string[], limit: number): Promise<UploadRecord[]> {
    if (productIds.length === 0) return [];
    const numbered = this.#queries
      .selectFrom("upload")
      .selectAll()
      .select(sql<bigint>`row_number() over (partition by product_id order by sequence)`.as("position"))
      .where("product_id", "in", productIds)
      .where("phase", "=", "complete")
      .where("image_width", "is not", null);
    const rows = await this.#queries
      .selectFrom(numbered.as("numbered"))
      .selectAll()
      .where("position", "<=", BigInt(limit))
      .orderBy("sequence")
      .execute();
    return rows.map(toRecord);
  }

  async *all(): AsyncIterable<readonly UploadRecord[]> {
    let position = 0n;
    for (;;) {
      const rows = await this.#tables
        .selectFrom("upload")
        .selectAll()
        .where("sequence", ">", position)
        .orderBy("sequence")
        .limit(pageRows)
        .execute();
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(toRecord);
      position = last.sequence;
    }
  }

  async unchangedSince(
    phases: readonly StoredPhase[],
    beforeMicros: number,
    limit: number,
    which: "any" | "empty" = "any",
  ): Promise<UploadRecord[]> {
    let query = this.#queries
      .selectFrom("upload")
      .selectAll()
      .where("phase", "in", phases)
      .where("update_time", "<", BigInt(beforeMicros));
    if (which === "empty") query = query.where("committed_offset", "=", 0n);
    const rows = await query.orderBy("update_time").limit(limit).execute();
    return rows.map(toRecord);
  }

  async #commit(tables: Kysely<UploadTables>, { id, committed, updateMicros }: CommittedOffset): Promise<void> {
    const parameters = [BigInt(committed), BigInt(updateMicros), id, "open", BigInt(committed)];
    await tables.executeQuery({ ...this.#commitOffset, parameters });
  }
}

/** Compiles the statement once: compiling takes as long as running it, and every commit runs it. */
function compileCommitOffset(tables: Kysely<UploadTables>): CompiledQuery {
  return tables
    .updateTable("upload")
    .set({ committed_offset: 0n, update_time: 0n })
    .where("id", "=", "")
    .where("phase", "=", "open")
    .where("committed_offset", "<", 0n)
    .compile();
}

/** The rows of a page of {@link UploadStore.all}: a few hundred bytes each, about a millisecond to read. */
const pageRows = 200;

function toRow(record: UploadRecord): Insertable<UploadTable> {
  return {
    id: record.id,
    phase: record.phase,
    file_name: record.fileName,
    product_id: record.productId,
    size: record.size === undefined ? null : BigInt(record.size),
    sha256: record.sha256 ?? null,
    committed_offset: BigInt(record.committed),
    generation: BigInt(record.generation),
    content_type: record.contentType ?? null,
    image_width: record.image === undefined ? null : BigInt(record.image.width),
    image_height: record.image === undefined ? null : BigInt(record.image.height),
    create_time: BigInt(record.createMicros),
    update_time: BigInt(record.updateMicros),
    owner: record.owner ?? "",
  };
}

function toRecord(row: Selectable<UploadTable>): UploadRecord {
  const { image_width: width, image_height: height } = row;
  return {
    id: row.id,
    phase: row.phase,
    fileName: row.file_name,
    productId: row.product_id,
    ...(row.size !== null && { size: Number(row.size) }),
    ...(row.sha256 !== null && { sha256: row.sha256 }),
    committed: Number(row.committed_offset),
    generation: Number(row.generation),
    ...(row.content_type !== null && { contentType: row.content_type }),
    ...(width !== null && height !== null && { image: { width: Number(width), height: Number(height) } }),
    createMicros: Number(row.create_time),
    updateMicros: Number(row.update_time),
    ...(row.owner !== "" && { owner: row.owner }),
  };
}

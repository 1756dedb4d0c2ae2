CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
CREATE TABLE "product" ("sequence" integer primary key autoincrement, "id" text not null unique, "name" text not null, "price_currency" text, "price_units" integer, "price_nanos" integer, "body" blob not null, "revision" integer default 0 not null, "deleted" integer default 0 not null, "brand" text, "core_count" integer, "min_ghz" real, "ram_bits" text) strict;
CREATE TABLE "candle" ("symbol" text not null, "span_seconds" integer not null, "open_time" integer not null, "open" real not null, "high" real not null, "low" real not null, "close" real not null, "volume" integer, "quote_count" integer not null, constraint "candle_key" primary key ("symbol", "span_seconds", "open_time")) strict, without rowid;
CREATE TABLE "open_candle" ("symbol" text not null, "span_seconds" integer not null, "open_time" integer not null, "open" real not null, "high" real not null, "low" real not null, "close" real not null, "volume" integer, "quote_count" integer not null, "newest_time" integer not null, "session_volume" integer, constraint "open_candle_key" primary key ("symbol", "span_seconds")) strict, without rowid;
CREATE TABLE "order_line" ("sequence" integer primary key autoincrement, "key" text not null unique, "product_code" text not null, "customer_id" text, "country" text not null, "quantity" integer not null, "price_currency" text not null, "price_units" integer not null, "price_nanos" integer not null, "placed_seconds" integer not null, "placed_nanos" integer not null, "body" blob not null) strict;
CREATE INDEX "order_line_product_code" on "order_line" ("product_code");
CREATE INDEX "order_line_customer_id" on "order_line" ("customer_id");
CREATE INDEX "order_line_country" on "order_line" ("country");
CREATE TABLE "server_secret" ("name" text not null primary key, "value" blob not null) strict, without rowid;
CREATE INDEX "product_revision" on "product" ("revision") where "revision" > 0;
CREATE INDEX "product_live" on "product" ("sequence") where deleted = 0;
CREATE INDEX "product_price" on "product" ("price_currency", "price_units", "price_nanos", "sequence") where deleted = 0;
CREATE TABLE "product_past" ("until_revision" integer primary key, "from_revision" integer not null, "sequence" integer not null references "product" ("sequence"), "body" blob not null) strict;
CREATE INDEX "product_past_sequence" on "product_past" ("sequence");
CREATE TABLE "product_rating" ("sequence" integer primary key references "product" ("sequence"), "count" integer not null, "sum_millionths" integer not null) strict;
CREATE VIRTUAL TABLE product_text using fts5(
      name, maker, description,
      content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
    );
CREATE TABLE "upload" ("sequence" integer primary key autoincrement, "id" text not null unique, "phase" text not null, "file_name" text not null, "product_id" text not null, "size" integer, "sha256" text, "committed_offset" integer not null, "generation" integer not null, "content_type" text, "image_width" integer, "image_height" integer, "create_time" integer not null, "update_time" integer not null, "owner" text default '' not null) strict;
CREATE INDEX "upload_of_product" on "upload" ("product_id", "sequence");
CREATE INDEX "upload_in_phase" on "upload" ("phase", "sequence");
insert into kysely_migration (name, timestamp) values ('0001-create-products', '2026-11-30T17:38:09.293Z');
insert into kysely_migration (name, timestamp) values ('0002-create-candles', '2026-11-30T17:38:09.295Z');
insert into kysely_migration (name, timestamp) values ('0003-create-orders', '2026-11-30T17:38:09.297Z');
insert into kysely_migration (name, timestamp) values ('0004-extend-products', '2026-11-30T17:38:09.303Z');
insert into kysely_migration (name, timestamp) values ('0005-create-uploads', '2026-11-30T17:38:09.304Z');
insert into kysely_migration (name, timestamp) values ('0006-add-upload-owners', '2026-11-30T17:38:09.305Z');
insert into kysely_migration_lock (id, is_locked) values ('migration_lock', 0);
insert into product (sequence, id, name, price_currency, price_units, price_nanos, body, revision, deleted, brand, core_count, min_ghz, ram_bits) values (1, '0b5e7b1c-0000-4000-8000-000000000001', 'Abacus', null, null, null, x'0a2430623565376231632d303030302d343030302d383030302d3030303030303030303030311206416261637573320c0881e9b6d80610b0f9ceaf033a0c0881e9b6d80610b0f9ceaf0342203431303037646438396365326665633034383133316330623366613434646464', 0, 0, null, null, null, null);
insert into order_line (sequence, key, product_code, customer_id, country, quantity, price_currency, price_units, price_nanos, placed_seconds, placed_nanos, body) values (1, 'key 0', '85123A', '17850', 'United Kingdom', 1, 'GBP', 2, 550000000, 1291191960, 0, x'0a6f080112056b657920301a0635333633363522063835313233412a242057484954452048414e47494e4720484541525420542d4c4947485420484f4c4445522030023a0d0a0347425010021880aba18602420531373835304a0e556e69746564204b696e67646f6d520608988dd8e704');
insert into order_line (sequence, key, product_code, customer_id, country, quantity, price_currency, price_units, price_nanos, placed_seconds, placed_nanos, body) values (2, 'key 1', '71053', '17851', 'France', 2, 'GBP', 2, 550000000, 1291192020, 1, x'0a68080212056b657920311a06353336333635220537313035332a242057484954452048414e47494e4720484541525420542d4c4947485420484f4c4445522030043a0d0a0347425010021880aba18602420531373835314a064672616e6365520808d48dd8e7041001');
insert into server_secret (name, value) values ('resume-tokens', x'0707070707070707070707070707070707070707070707070707070707070707');

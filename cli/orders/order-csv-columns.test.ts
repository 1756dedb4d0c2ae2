import { describe, expect, it } from "vitest";
import { OrderCsvColumns } from "./order-csv-columns.ts";

const retail = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "InvoiceDate",
  "UnitPrice",
  "CustomerID",
  "Country",
];
const exported = [
  "order_number",
  "product_code",
  "description",
  "quantity",
  "placed_at",
  "unit_price",
  "currency",
  "customer_id",
  "country",
];
const pounds = { currency: "GBP" };
const lantern = ["536365", "71053", " LANTERN ", "6", "2010-12-01 08:26:00", "3.39", "17850.0", "United Kingdom"];

const readRetail = (change: Partial<Record<(typeof retail)[number], string>>) =>
  new OrderCsvColumns(retail, pounds).read(lantern.map((cell, index) => change[retail[index] ?? ""] ?? cell));

describe("OrderCsvColumns", () => {
  it("finds common column names, and keeps text unchanged", () => {
    expect(readRetail({})).toEqual({
      orderNumber: "536365",
      productCode: "71053",
      description: " LANTERN ",
      quantity: 6,
      unitPrice: { currencyCode: "GBP", units: 3n, nanos: 390_000_000 },
      customerId: "17850",
      country: "United Kingdom",
      placedAt: { seconds: 1_291_191_960n, nanos: 0 },
    });
  });

  it("reads the columns of an export, with its currency", () => {
    const cells = ["1", "P", "", "-2", "2010-12-01T08:26:00.000000001Z", "0", "EUR", "", "EIRE"];
    expect(new OrderCsvColumns(exported, pounds).read(cells)).toEqual({
      orderNumber: "1",
      productCode: "P",
      description: "",
      quantity: -2,
      unitPrice: { currencyCode: "EUR", units: 0n, nanos: 0 },
      country: "EIRE",
      placedAt: { seconds: 1_291_191_960n, nanos: 1 },
    });
  });

  it("uses mapped columns, and the defaults of columns that the file lacks", () => {
    const columns = new OrderCsvColumns(
      ["No", "Item", "Qty", "When", "Price"],
      { currency: "USD", country: "France" },
      { order_number: "No", product_code: "Item", quantity: "Qty", placed_at: "When" },
    );
    expect(columns.read(["1", "P", "1", "2010-12-01", "2"])).toMatchObject({
      orderNumber: "1",
      unitPrice: { currencyCode: "USD", units: 2n },
      country: "France",
    });
  });

  it("refuses a header without required columns, and names those of the header", () => {
    expect(() => new OrderCsvColumns(["InvoiceNo", "Description", "Colour"], pounds)).toThrow(
      "no column for product_code, quantity, placed_at, unit_price, country (the header has InvoiceNo, Description, " +
        "Colour): map columns, as in --columns product_code=COLUMN",
    );
    expect(() => new OrderCsvColumns(retail, pounds, { country: "Land" })).toThrow(/^there is no column Land/);
  });

  it.each([
    ["6", 6],
    ["6.0", 6],
    ["-12.00", -12],
    [" 7 ", 7],
    ["0", 0],
    ["-0", 0],
    ["2147483647", 2_147_483_647],
  ])("reads the quantity %j as %d", (text, quantity) => {
    expect(readRetail({ Quantity: text }).quantity).toBe(quantity);
  });

  it.each(["", "6.5", "6.", "6.01", "1e3", "1,000", "six", "+6", "6 0", "2147483648", "99999999999", "NaN"])(
    "refuses the quantity %j",
    (text) => {
      expect(() => readRetail({ Quantity: text })).toThrow(`quantity ${JSON.stringify(text)} is not a whole number`);
    },
  );

  it.each([
    ["17850.0", "17850"],
    ["17850", "17850"],
    ["", undefined],
    ["17850.5", "17850.5"],
    ["AB.0", "AB.0"],
  ])("reads the customer %j as %j", (text, customer) => {
    expect(readRetail({ CustomerID: text }).customerId).toBe(customer);
  });

  it("names every invalid cell", () => {
    expect(() => readRetail({ Quantity: "x", UnitPrice: "£2", InvoiceDate: "yesterday" })).toThrow(
      'quantity "x" is not a whole number, as in 6 or -1; placed_at "yesterday" is not a time: write it as ' +
        '2010-12-01T08:26:00Z; unit_price "£2" is not an exact amount: write it as 2.55, with at most 9 decimals',
    );
  });
});

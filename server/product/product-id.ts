/** Whether a text can be the id of a product: a UUID, in whatever case. */
export function isProductId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

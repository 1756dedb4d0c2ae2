import type { MemberPlan } from "./message-plan.ts";

/** Whether a message's own properties are those of the plan, in its order; only optional ones may be missing. */
export function isInOrder(members: readonly MemberPlan[], message: object): boolean {
  let next = 0;
  for (const name in message) {
    if (name === "$typeName" || name === "$unknown") continue;
    next = seekMember(members, next, name) + 1;
    if (next === 0) return false;
  }
  return mayEndAt(members, next);
}

/** The index of the member of that name, at or behind `next`; -1 where a mandatory one, or all of them, would be missed. */
export function seekMember(members: readonly MemberPlan[], next: number, name: string): number {
  for (let index = next; index < members.length; index++) {
    const member = members[index] as MemberPlan;
    if (member.name === name) return index;
    if (member.mandatory) return -1;
  }
  return -1;
}

/** Whether a message is complete without the members from `next` on. */
export function mayEndAt(members: readonly MemberPlan[], next: number): boolean {
  for (let index = next; index < members.length; index++) {
    if ((members[index] as MemberPlan).mandatory) return false;
  }
  return true;
}

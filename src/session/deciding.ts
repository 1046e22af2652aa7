/** What becomes of a text that the client sent, once nothing is in flight that could change what it means. */
import type { Plan, Refusal } from '../sql/plan-types.js';
import { type Act, type Decision, plan, refusal } from './planning.js';
import { refusalOfExecute } from './provisos.js';
import type { Refused } from './renewal.js';
import { type SessionState, whenAnswered } from './state.js';
import { usedNames } from './used-names.js';
import { revalidate } from './validity.js';

/** Reads the text as the server would read it now, or tells why that cannot be done. */
export type ReadText = () => string | Refusal;

/** Decides on a text; `act` also receives the text as it was read, empty where it was not. */
export function decide(
  state: SessionState,
  read: ReadText,
  act: (decision: Parameters<Act>[0], text: string) => void,
): void {
  if (state.discarding) {
    act('skipped', '');
    return;
  }
  if (mustWait(state)) {
    whenAnswered(state, () => decide(state, read, act));
    return;
  }
  const text = read();
  if (typeof text !== 'string') {
    act(refusal(text), '');
    return;
  }
  const reading = readingOf(state);
  plan(state, text, (decision) => {
    if (typeof decision === 'string') {
      act(decision, text);
      return;
    }
    const used = usedNames(state, running(decision.plan));
    revalidate(state, used, (validity) => {
      if (validity === 'answered') act('answered', text);
      else if (state.discarding) act('skipped', text);
      else if (reading !== readingOf(state)) decide(state, read, act);
      else {
        const refused = validity === 'valid' ? refusalOfExecute(state, used) : undefined;
        const isOpen = used.some(({ of, key }) => of === 'statement' && state.statements.candidates(key).length > 1);
        if (validity !== 'valid') act(inText(validity), text);
        // The refusal may be of what a name does not mean any more.
        else if (refused && isOpen) whenAnswered(state, () => decide(state, read, act));
        else act(refused ? refusal(refused) : decision, text);
      }
    });
  });
}

/** The refusal of a statement that the text uses: positions are those in the text of that statement. */
function inText({ refusal: { position: _position, ...refused }, errorInstead }: Refused): Decision {
  return { ...refusal(refused), errorInstead: errorInstead?.filter(([letter]) => letter !== 'P') };
}

/** Something in flight can change names or settings, or what is in flight can undo such a change. */
function mustWait(state: SessionState): boolean {
  return state.replies.barriers > 0 || (state.environmentChanged && state.replies.length > 0);
}

/** The settings by which a text is read. */
function readingOf(state: SessionState): string {
  return `${state.clientEncoding} ${state.standardConformingStrings} ${state.settingsUncertain}`;
}

/** What stands before a refused statement runs. */
function running({ verdict, statements }: Plan): Plan['statements'] {
  return verdict === 'refuse' ? statements.slice(0, -1) : statements;
}

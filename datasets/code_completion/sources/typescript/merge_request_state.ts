export type MergeRequest =
  | { state: 'draft'; approvals: string[] }
  | { state: 'in_review'; approvals: string[]; threads: number }
  | { state: 'queued'; approvals: string[]; position: number }
  | { state: 'merged'; sha: string }
  | { state: 'closed'; reopenAs: 'draft' | 'in_review' };

export type Action =
  | { type: 'mark_ready' }
  | { type: 'mark_draft' }
  | { type: 'approve'; user: string }
  | { type: 'push'; user: string }
  | { type: 'open_thread' }
  | { type: 'resolve_thread' }
  | { type: 'queue'; position: number }
  | { type: 'train_failed' }
  | { type: 'merge'; sha: string }
  | { type: 'close' }
  | { type: 'reopen' };

export interface Rules {
  approvalsRequired: number;
  resetApprovalsOnPush: boolean;
}

export class TransitionError extends Error {
  constructor(
    readonly state: string,
    readonly action: string,
    reason = '',
  ) {
    super(`cannot ${action} while ${state}${reason && `: ${reason}`}`);
  }
}

/** Why a merge request in review cannot go to the merge queue yet, or null if it can. */
export function blockedBy(
  mergeRequest: { approvals: string[]; threads: number },
  rules: Rules,
): string | null {
  const missing = rules.approvalsRequired - mergeRequest.approvals.length;
  if (missing > 0) return `${missing} more ${missing === 1 ? 'approval' : 'approvals'} needed`;
  if (mergeRequest.threads > 0) return 'threads are open';
  return null;
}

/** The approvals after a push: without those of the user who pushed, or none at all. */
function approvalsAfterPush(approvals: string[], user: string, rules: Rules): string[] {
  return rules.resetApprovalsOnPush ? [] : approvals.filter((approver) => approver !== user);
}

/** The state of a merge request after an action; the one passed in is not changed. */
export function transition(current: MergeRequest, action: Action, rules: Rules): MergeRequest {
  switch (current.state) {
    case 'draft': {
      const { approvals } = current;
      if (action.type === 'mark_ready') return { state: 'in_review', approvals, threads: 0 };
      if (action.type === 'push') {
        return { ...current, approvals: approvalsAfterPush(approvals, action.user, rules) };
      }
      if (action.type === 'close') return { state: 'closed', reopenAs: 'draft' };
      break;
    }
    case 'in_review': {
      const { approvals, threads } = current;
      switch (action.type) {
        case 'mark_draft':
          return { state: 'draft', approvals };
        case 'approve':
          if (approvals.includes(action.user)) return current;
          return { ...current, approvals: [...approvals, action.user] };
        case 'push':
          return { ...current, approvals: approvalsAfterPush(approvals, action.user, rules) };
        case 'open_thread':
          return { ...current, threads: threads + 1 };
        case 'resolve_thread':
          if (threads === 0) throw new TransitionError(current.state, action.type, 'no threads');
          return { ...current, threads: threads - 1 };
        case 'queue': {
          const reason = blockedBy(current, rules);
          if (reason) throw new TransitionError(current.state, action.type, reason);
          return { state: 'queued', approvals, position: action.position };
        }
        case 'close':
          return { state: 'closed', reopenAs: 'in_review' };
      }
      break;
    }
    case 'queued': {
      const { approvals, position } = current;
      if (action.type === 'train_failed') return { state: 'in_review', approvals, threads: 0 };
      if (action.type === 'push') {
        const kept = approvalsAfterPush(approvals, action.user, rules);
        return { state: 'in_review', approvals: kept, threads: 0 };
      }
      if (action.type === 'merge') {
        if (position === 1) return { state: 'merged', sha: action.sha };
        throw new TransitionError(current.state, action.type, `${position - 1} ahead of it`);
      }
      break;
    }
    case 'closed':
      if (action.type === 'reopen') {
        return current.reopenAs === 'draft'
          ? { state: 'draft', approvals: [] }
          : { state: 'in_review', approvals: [], threads: 0 };
      }
      break;
  }
  throw new TransitionError(current.state, action.type);
}

/** All states that a list of actions leads through, the first one included. */
export function history(start: MergeRequest, actions: Action[], rules: Rules): MergeRequest[] {
  const states = [start];
  for (const action of actions) {
    states.push(transition(states[states.length - 1], action, rules));
  }
  return states;
}

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;

/**
 * Keeps calls away from a service that has been failing.
 *
 * <p>The breaker is closed at first, and lets all calls through. It opens after too many failures
 * within a window of time. After a pause it is half open and lets one call through as a trial: if
 * that works, the breaker closes, otherwise it opens again for twice as long.
 */
final class CircuitBreaker {
    /** Whether calls get through. */
    enum State {
        CLOSED,
        OPEN,
        HALF_OPEN
    }

    /** A call was not made because the breaker is open. */
    static final class OpenException extends RuntimeException {
        OpenException(long millis) {
            super("try again in " + millis + " ms");
        }
    }

    private final int maxFailures;
    private final long windowMillis;
    private final long pauseMillis;
    private final LongSupplier clock;
    private final Deque<Long> failures = new ArrayDeque<>();
    private int timesOpened;
    private long openUntil;
    private boolean trialRunning;

    /**
     * Creates a closed breaker.
     *
     * @param maxFailures how many failures within the window open it
     * @param clock the time in milliseconds
     */
    CircuitBreaker(int maxFailures, long windowMillis, long pauseMillis, LongSupplier clock) {
        this.maxFailures = maxFailures;
        this.windowMillis = windowMillis;
        this.pauseMillis = pauseMillis;
        this.clock = clock;
    }

    /** Returns the state at this time. */
    synchronized State state() {
        if (timesOpened == 0) {
            return State.CLOSED;
        }
        return clock.getAsLong() < openUntil ? State.OPEN : State.HALF_OPEN;
    }

    /** Returns the failures that are still within the window. */
    synchronized int recentFailures() {
        forgetOldFailures();
        return failures.size();
    }

    /**
     * Makes a call and returns its result; an error of the call is a failure and is passed on.
     *
     * @throws OpenException without making the call, if the breaker is open or a trial is running
     */
    <T> T call(Callable<T> callable) throws Exception {
        enter();
        T result;
        try {
            result = callable.call();
        } catch (Exception e) {
            fail();
            throw e;
        }
        succeed();
        return result;
    }

    /** Makes a call, and returns the fallback if the breaker does not let it through. */
    <T> T callOr(Callable<T> callable, T fallback) throws Exception {
        try {
            return call(callable);
        } catch (OpenException e) {
            return fallback;
        }
    }

    private synchronized void enter() {
        State state = state();
        if (state == State.OPEN || trialRunning) {
            throw new OpenException(Math.max(0, openUntil - clock.getAsLong()));
        }
        trialRunning = state == State.HALF_OPEN;
    }

    private synchronized void fail() {
        if (trialRunning) {
            trialRunning = false;
            open();
            return;
        }
        failures.addLast(clock.getAsLong());
        forgetOldFailures();
        if (failures.size() >= maxFailures) {
            open();
        }
    }

    private synchronized void succeed() {
        if (trialRunning) {
            trialRunning = false;
            timesOpened = 0;
        }
    }

    private void open() {
        failures.clear();
        openUntil = clock.getAsLong() + (pauseMillis << timesOpened);
        timesOpened++;
    }

    private void forgetOldFailures() {
        long oldest = clock.getAsLong() - windowMillis;
        while (!failures.isEmpty() && failures.peekFirst() <= oldest) {
            failures.removeFirst();
        }
    }
}

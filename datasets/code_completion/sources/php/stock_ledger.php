<?php

namespace App\Inventory;

use DomainException;

class NotEnoughStock extends DomainException
{
}

/** A batch of items that arrived together and cost the same. */
final class Batch
{
    public int $left;

    public function __construct(
        public readonly string $id,
        public readonly int $quantity,
        public readonly int $unitCents,
        public readonly ?string $bestBefore = null,
    ) {
        $this->left = $quantity;
    }

    /** Whether the batch must not be sold any more; its best-before day still counts. */
    public function isExpired(string $day): bool
    {
        return $this->bestBefore !== null && $this->bestBefore < $day;
    }
}

/** The stock of one product: batches that arrive, and what is reserved and sold of them. */
final class StockLedger
{
    /** @var array<string, Batch> */
    private array $batches = [];

    /** @var array<string, array{quantity: int, until: int}> reservations by order */
    private array $reservations = [];

    public function __construct(private readonly int $reorderAt = 0)
    {
    }

    /** Add a batch; an id can be used only once. */
    public function receive(Batch $batch): self
    {
        if (isset($this->batches[$batch->id])) {
            throw new DomainException("batch $batch->id is there already");
        }
        if ($batch->quantity <= 0) {
            throw new DomainException("batch $batch->id is empty");
        }
        $this->batches[$batch->id] = $batch;

        return $this;
    }

    /** How many items could be sold on a day if there were no reservations. */
    public function onHand(string $day): int
    {
        return array_sum(array_map(fn (Batch $batch) => $batch->left, $this->sellable($day)));
    }

    /** How many items nobody has reserved. A reservation ends at its time `until`. */
    public function available(string $day, int $now): int
    {
        $open = array_filter($this->reservations, fn (array $reservation) => $reservation['until'] > $now);

        return max(0, $this->onHand($day) - array_sum(array_column($open, 'quantity')));
    }

    /** Keep items for an order for a number of seconds; a new reservation replaces its old one. */
    public function reserve(string $order, int $quantity, string $day, int $now, int $seconds = 900): void
    {
        $previous = $this->reservations[$order] ?? null;
        unset($this->reservations[$order]);
        if ($quantity > $this->available($day, $now)) {
            if ($previous !== null) {
                $this->reservations[$order] = $previous;
            }
            throw new NotEnoughStock("cannot reserve $quantity for $order");
        }
        $this->reservations[$order] = ['quantity' => $quantity, 'until' => $now + $seconds];
    }

    public function release(string $order): void
    {
        unset($this->reservations[$order]);
    }

    /**
     * Sell items to an order: from the batches that expire first, then from the oldest ones.
     *
     * Its own reservation is used up, the reservations of others stay untouched.
     *
     * @return array<string, int> quantities by batch
     */
    public function sell(string $order, int $quantity, string $day, int $now): array
    {
        $own = $this->reservations[$order] ?? null;
        $this->release($order);
        if ($quantity > $this->available($day, $now)) {
            if ($own !== null) {
                $this->reservations[$order] = $own;
            }
            throw new NotEnoughStock("cannot sell $quantity to $order");
        }

        $taken = [];
        foreach ($this->sellable($day) as $batch) {
            $count = min($quantity, $batch->left);
            if ($count > 0) {
                $batch->left -= $count;
                $quantity -= $count;
                $taken[$batch->id] = $count;
            }
        }

        return $taken;
    }

    /** Put sold items back into their batches. */
    public function takeBack(array $taken): void
    {
        foreach ($taken as $id => $count) {
            $batch = $this->batches[$id];
            if ($batch->left + $count > $batch->quantity) {
                throw new DomainException("too many items for batch $id");
            }
            $batch->left += $count;
        }
    }

    /** Remove what has expired; returns what it has cost, in cents. */
    public function writeOff(string $day): int
    {
        $lost = 0;
        foreach ($this->batches as $batch) {
            if ($batch->isExpired($day)) {
                $lost += $batch->left * $batch->unitCents;
                $batch->left = 0;
            }
        }

        return $lost;
    }

    /** What all items that are left have cost, in cents. */
    public function value(): int
    {
        return array_sum(array_map(fn (Batch $batch) => $batch->left * $batch->unitCents, $this->batches));
    }

    /** How many items to order to have `target` of them again; none while there are enough. */
    public function reorderQuantity(int $target, string $day, int $now): int
    {
        $available = $this->available($day, $now);

        return $available > $this->reorderAt ? 0 : $target - $available;
    }

    /** @return list<Batch> in the order in which they are to be sold */
    private function sellable(string $day): array
    {
        $batches = array_filter($this->batches, fn (Batch $batch) => !$batch->isExpired($day));
        usort($batches, fn (Batch $a, Batch $b) => ($a->bestBefore ?? '9999') <=> ($b->bestBefore ?? '9999'));

        return $batches;
    }
}

// Invoices in whole cents, with discounts and value-added tax.
package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Cents is an amount of money.
type Cents int64

// String returns the amount with two decimals, for example "-1,234.05".
func (c Cents) String() string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	whole := fmt.Sprint(int64(c / 100))
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s%s.%02d", sign, whole, int64(c%100))
}

// share returns c * part / all, rounded half away from zero. all is above 0.
func (c Cents) share(part, all int64) Cents {
	product := int64(c) * part
	if product < 0 {
		return -Cents((-2*product + all) / (2 * all))
	}
	return Cents((2*product + all) / (2 * all))
}

// Line is a line of an invoice. Prices are without tax.
type Line struct {
	Text     string
	Quantity int64
	Price    Cents // of one
	TaxRate  int64 // in per cent
	Discount int64 // in per cent
}

// Total returns the line's amount without tax, after its discount.
func (l Line) Total() Cents {
	gross := l.Price * Cents(l.Quantity)
	return gross - gross.share(l.Discount, 100)
}

// Invoice is a list of lines with a credit that is taken off the total.
type Invoice struct {
	Lines  []Line
	Credit Cents
}

// Tax is the tax of all lines with the same rate.
type Tax struct {
	Rate   int64
	Net    Cents
	Amount Cents
}

// Errors of Validate.
var (
	ErrEmpty    = errors.New("an invoice needs a line")
	ErrQuantity = errors.New("quantities must be at least 1")
	ErrPercent  = errors.New("percentages must be from 0 to 100")
	ErrCredit   = errors.New("a credit must not be negative")
)

// Validate returns the first error of the invoice.
func (i Invoice) Validate() error {
	if len(i.Lines) == 0 {
		return ErrEmpty
	}
	for number, line := range i.Lines {
		if line.Quantity < 1 {
			return fmt.Errorf("line %d: %w", number+1, ErrQuantity)
		}
		for _, percent := range []int64{line.TaxRate, line.Discount} {
			if percent < 0 || percent > 100 {
				return fmt.Errorf("line %d: %w", number+1, ErrPercent)
			}
		}
	}
	if i.Credit < 0 {
		return ErrCredit
	}
	return nil
}

// Net returns the sum of the lines without tax.
func (i Invoice) Net() Cents {
	var sum Cents
	for _, line := range i.Lines {
		sum += line.Total()
	}
	return sum
}

// Taxes returns the taxes by rate, the lowest first. Tax is rounded once for each rate.
func (i Invoice) Taxes() []Tax {
	nets := map[int64]Cents{}
	for _, line := range i.Lines {
		nets[line.TaxRate] += line.Total()
	}
	taxes := make([]Tax, 0, len(nets))
	for rate, net := range nets {
		taxes = append(taxes, Tax{rate, net, net.share(rate, 100)})
	}
	sort.Slice(taxes, func(a, b int) bool { return taxes[a].Rate < taxes[b].Rate })
	return taxes
}

// Due returns what is to be paid, and what is left of the credit.
func (i Invoice) Due() (due, left Cents) {
	due = i.Net()
	for _, tax := range i.Taxes() {
		due += tax.Amount
	}
	if due < i.Credit {
		return 0, i.Credit - due
	}
	return due - i.Credit, 0
}

// Instalments splits what is due into parts that differ by at most one cent, the larger
// ones first.
func (i Invoice) Instalments(count int) []Cents {
	due, _ := i.Due()
	parts := make([]Cents, count)
	for n := range parts {
		parts[n] = due / Cents(count)
		if Cents(n) < due%Cents(count) {
			parts[n]++
		}
	}
	return parts
}

// Text returns the invoice as it is printed.
func (i Invoice) Text() string {
	var out strings.Builder
	row := func(text string, amount Cents) {
		fmt.Fprintf(&out, "%-20s%12s\n", text, amount)
	}
	for _, line := range i.Lines {
		text := fmt.Sprintf("%d x %s", line.Quantity, line.Text)
		if line.Discount > 0 {
			text += fmt.Sprintf(" -%d%%", line.Discount)
		}
		row(text, line.Total())
	}
	for _, tax := range i.Taxes() {
		row(fmt.Sprintf("VAT %d%%", tax.Rate), tax.Amount)
	}
	if i.Credit > 0 {
		row("Credit", -i.Credit)
	}
	due, _ := i.Due()
	row("Due", due)
	return out.String()
}

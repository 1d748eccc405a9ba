// What is put beside a Go program to evaluate its cases: each value is written as JSON on the descriptor os.Args[1].
package main

import (
	harnessJson "encoding/json"
	harnessFmt "fmt"
	harnessOs "os"
	harnessStrconv "strconv"
)

var harnessReport *harnessOs.File

func harnessLine(event map[string]any) {
	data, err := harnessJson.Marshal(event)
	if err != nil {
		data, _ = harnessJson.Marshal(map[string]any{"step": event["step"], "raised": "TypeError", "message": err.Error()})
	}
	harnessReport.Write(append(data, '\n'))
}

// harnessValue makes one value of a call's results; a last one that is an error is raised.
func harnessValue(results ...any) any {
	if len(results) > 1 {
		if err, ok := results[len(results)-1].(error); ok {
			panic(err)
		}
		if results[len(results)-1] == nil {
			results = results[:len(results)-1]
		}
	}
	if len(results) == 1 {
		if err, ok := results[0].(error); ok {
			panic(err)
		}
		return results[0]
	}
	return results
}

func harnessStep(number int, evaluate func() any) {
	defer func() {
		if raised := recover(); raised != nil {
			name := "panic"
			if _, ok := raised.(error); ok {
				name = "error"
			}
			harnessLine(map[string]any{"step": number, "raised": name, "message": harnessFmt.Sprint(raised)})
		}
	}()
	harnessLine(map[string]any{"step": number, "value": evaluate()})
}

func main() {
	number, _ := harnessStrconv.Atoi(harnessOs.Args[1])
	harnessReport = harnessOs.NewFile(uintptr(number), "report")
	harnessLine(map[string]any{"loaded": true})
/*CASES*/
	harnessOs.Exit(0)
}

package view

import "strconv"

// The chart is drawn on a grid of 10 units a bar and 100 units of height, and
// stretched by CSS.

func chartBox(bars []Bar) string { return "0 0 " + strconv.Itoa(max(10, 10*len(bars))) + " 101" }

func chartX(i int) string { return strconv.Itoa(10*i + 1) }

func chartTop(bars []Bar) int64 {
	var top int64 = 1
	for _, b := range bars {
		top = max(top, b.Value)
	}
	return top
}

func chartSize(bars []Bar, v int64) float64 {
	if v <= 0 {
		return 0
	}
	return max(1.5, 96*float64(v)/float64(chartTop(bars)))
}

func chartHeight(bars []Bar, v int64) string {
	return strconv.FormatFloat(chartSize(bars, v), 'f', 1, 64)
}

func chartY(bars []Bar, v int64) string {
	return strconv.FormatFloat(100-chartSize(bars, v), 'f', 1, 64)
}

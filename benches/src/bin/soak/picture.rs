//! Live bytes, what is in flight, and p99, over time.

use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::record::{MIB, Row};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (900, 660);
const FONT: &str = "sans-serif";
const COLOR: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);

pub(crate) fn draw(rows: &[Row], file: &Path) -> Result<(), Box<dyn Error>> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    panels(rows, file).map_err(|error| error.to_string())?;
    println!("{}", file.display());
    Ok(())
}

fn panels(rows: &[Row], file: &Path) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let what: [(&str, fn(&Row) -> f64); 3] = [
        ("live bytes, MiB", |row| row.live as f64 / MIB),
        ("calls in flight", |row| row.in_flight as f64),
        ("p99, ms", |row| row.p99),
    ];
    for (area, (caption, value)) in root.split_evenly((3, 1)).iter().zip(what) {
        panel(area, caption, rows, value)?;
    }
    Ok(root.present()?)
}

fn panel(
    area: &Area<'_>,
    caption: &str,
    rows: &[Row],
    value: fn(&Row) -> f64,
) -> Result<(), Box<dyn Error>> {
    let minutes = |row: &Row| row.elapsed / 60.0;
    let longest = rows.last().map_or(1.0, minutes);
    let most = rows
        .iter()
        .map(value)
        .fold(0.0, f64::max)
        .max(f64::MIN_POSITIVE);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, (FONT, 14))
        .margin(8)
        .y_label_area_size(60)
        .x_label_area_size(28)
        .build_cartesian_2d(0.0..longest, 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .y_labels(5)
        .x_desc("minutes")
        .label_style((FONT, 12))
        .draw()?;
    let points = rows.iter().map(|row| (minutes(row), value(row)));
    let line = PathElement::new(points.collect::<Vec<_>>(), COLOR.stroke_width(2));
    chart.draw_series([line])?;
    Ok(())
}

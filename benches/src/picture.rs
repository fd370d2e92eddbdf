//! A picture per place: what a call costs in CPU time, as a multiple of the
//! floor's, one panel per payload and calls in flight.

use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::record::Row;
use crate::scenario::size;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const PANEL: (u32, u32) = (520, 60);
const ROW: u32 = 22;
const FONT: &str = "sans-serif";
const OURS: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);
const OTHERS: RGBColor = RGBColor(0x60, 0x60, 0x60);

/// Writes one SVG per place into `directory`.
pub(crate) fn draw(rows: &[Row], directory: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory)?;
    for of_place in groups(rows, |row| &row.place) {
        let place = &of_place[0].place;
        let name = place
            .to_lowercase()
            .replace([' ', ','], "-")
            .replace("--", "-");
        let file = directory.join(format!("{name}.svg"));
        place_picture(&file, place, of_place).map_err(|error| error.to_string())?;
        println!("{}", file.display());
    }
    Ok(())
}

fn place_picture(file: &Path, place: &str, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let panels = groups(rows, |row| &row.scenario).collect::<Vec<_>>();
    let columns = panels.len().min(2);
    let lines = panels.len().div_ceil(columns);
    let most = panels.iter().map(|panel| panel.len()).max().unwrap_or(1);
    let height = PANEL.1 + ROW * most as u32;
    let size = (PANEL.0 * columns as u32, 40 + height * lines as u32);
    let root = SVGBackend::new(file, size).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!("{place}: CPU time of a call, as a multiple of the bare transport's");
    let root = root.titled(&title, (FONT, 18))?;
    for (area, panel) in root.split_evenly((lines, columns)).iter().zip(panels) {
        draw_panel(area, panel)?;
    }
    Ok(root.present()?)
}

/// A line of a contender goes from the least to the greatest round, the dot is
/// at the median.
fn draw_panel(area: &Area<'_>, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let count = rows.len();
    let caption = format!("{}, {} in flight", size(rows[0].payload), rows[0].in_flight);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, (FONT, 14))
        .margin(6)
        .y_label_area_size(170)
        .x_label_area_size(24)
        .build_cartesian_2d(extent(rows).log_scale(), -0.5..count as f64 - 0.5)?;
    // The first contender is at the top.
    let height = |index: usize| (count - 1 - index) as f64;
    let name = |y: &f64| {
        let near = (y - y.round()).abs() < 0.01;
        let index = (count - 1).checked_sub(y.round().max(0.0) as usize);
        let row = index.and_then(|index| rows.get(index)).filter(|_| near);
        row.map_or_else(String::new, |row| row.contender.clone())
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .y_labels(count + 2)
        .y_label_formatter(&name)
        .x_label_formatter(&tick)
        .label_style((FONT, 12))
        .draw()?;
    for (index, row) in rows.iter().enumerate() {
        let color = if row.contender.starts_with("layer") {
            OURS
        } else {
            OTHERS
        };
        let y = height(index);
        let spread = [(row.to_floor_least, y), (row.to_floor_most, y)];
        chart.draw_series([PathElement::new(spread, color.stroke_width(2))])?;
        chart.draw_series([Circle::new((row.to_floor, y), 4, color.filled())])?;
        let text = format!("{:.2}", row.to_floor);
        let place = (row.to_floor_most * 1.06, y + 0.3);
        chart.draw_series([Text::new(text, place, (FONT, 12).into_font())])?;
    }
    Ok(())
}

/// Not every one: those before a power of ten have no room.
fn tick(x: &f64) -> String {
    let text = format!("{x}");
    let crowded = text.starts_with(['6', '7', '8', '9']);
    if crowded { String::new() } else { text }
}

/// From the least to the greatest ratio, with room for the figure beside it.
fn extent(rows: &[Row]) -> Range<f64> {
    let least = rows.iter().map(|row| row.to_floor_least);
    let most = rows.iter().map(|row| row.to_floor_most);
    let (least, most) = (least.fold(1.0, f64::min), most.fold(2.0, f64::max));
    let room = (most / least).powf(0.15);
    least * 0.95..most * room
}

/// Neighbours with the same key.
fn groups(rows: &[Row], key: fn(&Row) -> &String) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(move |one, next| key(one) == key(next))
}

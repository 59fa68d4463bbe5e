"""How the page looks: a warm, dim cinema; one gold accent; fonts of the visitor's own machine."""

from pathlib import Path

import gradio as gr

_GOLD = gr.themes.Color(name="gold", c50="#fff8e8", c100="#fdedc8", c200="#fadd9a", c300="#f6cc72", c400="#f0bd5b",
                        c500="#dfa536", c600="#a87312", c700="#84590c", c800="#64430b", c900="#47300a", c950="#2b1d06")
_WARM = gr.themes.Color(name="warm", c50="#fbf8f2", c100="#f4efe5", c200="#e6dfd1", c300="#d2c8b7", c400="#a69c8f",
                        c500="#7d7367", c600="#5f564c", c700="#453e37", c800="#2a2521", c900="#1a1714", c950="#100e0c")

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def theme() -> gr.themes.Base:
    """The page's theme. No font, style or script comes from another origin."""
    sans = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
    mono = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")
    return gr.themes.Base(
        primary_hue=_GOLD, secondary_hue=_GOLD, neutral_hue=_WARM, radius_size=gr.themes.sizes.radius_lg,
        font=[gr.themes.Font(name) for name in sans], font_mono=[gr.themes.Font(name) for name in mono],
    ).set(
        body_background_fill="#f3eee4", body_background_fill_dark="#100e0c",
        body_text_color="#221e19", body_text_color_dark="#f1ebe0",
        body_text_color_subdued="#655c51", body_text_color_subdued_dark="#b0a596",
        background_fill_primary="#fffdf9", background_fill_primary_dark="#1a1714",
        background_fill_secondary="#f7f2e9", background_fill_secondary_dark="#151210",
        block_background_fill="#fffdf9", block_background_fill_dark="#1a1714",
        block_border_color="#e3dacb", block_border_color_dark="#2f2924",
        border_color_primary="#e3dacb", border_color_primary_dark="#342d27",
        block_label_background_fill="transparent", block_label_background_fill_dark="transparent",
        block_label_text_color="#655c51", block_label_text_color_dark="#b0a596", block_label_border_width="0px",
        block_label_shadow="none", block_title_text_color="#4a4239", block_title_text_color_dark="#cfc5b6",
        block_title_text_weight="500", block_info_text_color="#655c51", block_info_text_color_dark="#b0a596",
        block_shadow="none", block_shadow_dark="none",
        input_background_fill="#fbf8f2", input_background_fill_dark="#231f1b",
        input_border_color="#d2c8b7", input_border_color_dark="#4a423a",
        input_placeholder_color="#766c60", input_placeholder_color_dark="#a69c8f",
        button_primary_background_fill="#f0bd5b", button_primary_background_fill_dark="#f0bd5b",
        button_primary_background_fill_hover="#f9cf7c", button_primary_background_fill_hover_dark="#f9cf7c",
        button_primary_text_color="#1b1408", button_primary_text_color_dark="#1b1408",
        button_primary_text_color_hover="#1b1408", button_primary_text_color_hover_dark="#1b1408",
        button_primary_border_color="#c8922c", button_primary_border_color_dark="#f0bd5b",
        button_secondary_background_fill="#fffdf9", button_secondary_background_fill_dark="#241f1b",
        button_secondary_background_fill_hover="#f4ecdc", button_secondary_background_fill_hover_dark="#332c26",
        button_secondary_text_color="#2b2620", button_secondary_text_color_dark="#f1ebe0",
        button_secondary_border_color="#d2c8b7", button_secondary_border_color_dark="#453e37",
        button_cancel_background_fill="#fffdf9", button_cancel_background_fill_dark="#241512",
        button_cancel_background_fill_hover="#f9e4de", button_cancel_background_fill_hover_dark="#3a1d18",
        button_cancel_text_color="#8f2415", button_cancel_text_color_dark="#ffb3a3",
        button_cancel_border_color="#c05a48", button_cancel_border_color_dark="#8a4034", button_border_width="1px",
        slider_color="#a87312", slider_color_dark="#f0bd5b",
        color_accent="#a87312", color_accent_soft="#fdedc8", color_accent_soft_dark="#3a2f1b",
        link_text_color="#7a520a", link_text_color_dark="#f6cc72",
        checkbox_background_color_selected="#a87312", checkbox_background_color_selected_dark="#c8922c",
        checkbox_border_color_selected="#a87312", checkbox_border_color_selected_dark="#c8922c",
        loader_color="#a87312", loader_color_dark="#f0bd5b",
    )
